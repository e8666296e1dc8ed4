# Adjusted p values by R's p.adjust. Rscript multiplicity.R > multiplicity.json
sets <- list(
  ordered = c(0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34),
  mixed = c(0.9, 0.013, 0.086, 0.5, 0.013, 1, 0, 0.04),
  one = 0.03
)
cat(jsonlite::toJSON(lapply(sets, function(p) list(
  p = p, holm = p.adjust(p, "holm"), benjamini_hochberg = p.adjust(p, "BH"))), digits = NA, auto_unbox = FALSE, pretty = TRUE))
