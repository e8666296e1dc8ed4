# Reference values for the bias panel on NCCTG lung, men v women, Efron ties: Rscript bias.R > bias.json
library(survival)
library(jsonlite)

control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
lung$dead <- lung$status == 2
lung$men <- as.integer(lung$sex == 1)
ratio <- function(f, data) {
  fit <- summary(coxph(f, data, control = control), conf.int = 0.95)$conf.int
  unname(c(fit[1], fit[3], fit[4]))
}
known <- lung[!is.na(lung$inst), ]
early <- function(k) {
  times <- c(lung$time, rep(21, k)); dead <- c(lung$dead, rep(TRUE, k))
  unname(summary(survfit(Surv(times, dead) ~ 1))$table[c("median", "0.95LCL", "0.95UCL")]) / 30.4375
}
out <- list(
  r = R.version.string, survival = as.character(packageVersion("survival")),
  left_out = t(sapply(seq_len(nrow(lung)), function(i) ratio(Surv(time, dead) ~ men, lung[-i, ]))),
  pooled = ratio(Surv(time, dead) ~ men, known),
  stratified = ratio(Surv(time, dead) ~ men + strata(inst), known),
  logrank_pooled = survdiff(Surv(time, dead) ~ men, known)$chisq,
  logrank_stratified = survdiff(Surv(time, dead) ~ men + strata(inst), known)$chisq,
  early = t(sapply(0:10, early))
)
cat(toJSON(out, digits = NA, auto_unbox = TRUE), "\n")
