# Reference values for Table 1 on NCCTG lung (228 patients) by sex: Rscript overview.R > overview.json
# Standardised differences are written out from their definitions (Austin 2009; Yang and Dalton 2012).
library(survival)
library(jsonlite)

men <- lung$sex == 1
smd <- function(x) abs(mean(x[men], na.rm = TRUE) - mean(x[!men], na.rm = TRUE)) /
  sqrt((var(x[men], na.rm = TRUE) + var(x[!men], na.rm = TRUE)) / 2)
levels_smd <- function(x) {
  x <- factor(x)
  p <- prop.table(table(x[men]))[-1]
  q <- prop.table(table(x[!men]))[-1]
  covariance <- function(p) diag(as.vector(p), length(p)) - outer(as.vector(p), as.vector(p))
  d <- as.vector(p - q)
  sqrt(as.numeric(t(d) %*% solve((covariance(p) + covariance(q)) / 2) %*% d))
}
describe <- function(x) c(quantile(x, c(0, .25, .5, .75, 1), na.rm = TRUE, type = 7, names = FALSE),
                          mean(x, na.rm = TRUE), sd(x, na.rm = TRUE))
numbers <- c("age", "ph.karno", "pat.karno", "meal.cal", "wt.loss")
out <- list(
  r = R.version.string,
  summaries = lapply(setNames(numbers, numbers), function(v)
    list(all = describe(lung[[v]]), men = describe(lung[[v]][men]), women = describe(lung[[v]][!men]))),
  smd = c(lapply(setNames(numbers, numbers), function(v) smd(lung[[v]])),
          list(ph.ecog = levels_smd(lung$ph.ecog), inst = levels_smd(lung$inst))),
  kruskal = lapply(setNames(numbers, numbers), function(v) kruskal.test(lung[[v]], men)$p.value),
  chisq_ecog = suppressWarnings(chisq.test(table(lung$ph.ecog, men), correct = FALSE)$p.value),
  reverse_median = unname(summary(survfit(Surv(time, status == 1) ~ 1, lung))$table["median"]) / 30.4375
)
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
