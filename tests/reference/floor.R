# Standard errors of coxph for two groups, with the events in each: writes floor.json.
#
#     Rscript floor.R
#
# Random small trials, any split, effect and censoring, half of them with ties; Efron, Breslow and exact ties, a model
# stratified on a third variable, and one with a further covariate. Fits that did not converge are left out.

suppressMessages({
  library(survival)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
set.seed(2024)

trial <- function() {
  n <- sample(8:60, 1)
  group <- sample(rep(0:1, c(n - (k <- sample(2:(n - 2), 1)), k)))
  x <- rnorm(n)
  time <- rweibull(n, runif(1, 0.5, 2.5)) * exp(-runif(1, -1.5, 1.5) * group - 0.5 * x)
  censoring <- rexp(n, 1 / runif(1, 0.3, 6))
  event <- as.numeric(time <= censoring)
  time <- pmin(time, censoring)
  if (runif(1) < 0.5) time <- ceiling(time * sample(2:11, 1))
  data.frame(time, event, group, x, stratum = sample(1:2, n, TRUE))
}

one <- function(model, rows) {
  formula <- switch(model,
    strata = Surv(time, event) ~ group + strata(stratum),
    adjusted = Surv(time, event) ~ group + x,
    Surv(time, event) ~ group
  )
  ties <- if (model %in% c("breslow", "exact")) model else "efron"
  sound <- TRUE
  fit <- withCallingHandlers(
    coxph(formula, rows, ties = ties, control = coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 100)),
    warning = function(w) { sound <<- FALSE; invokeRestart("muffleWarning") }
  )
  if (!sound || is.na(coef(fit)["group"]) || abs(coef(fit)["group"]) > 8) return(NULL)
  list(model = model, d0 = sum(rows$event[rows$group == 0]), d1 = sum(rows$event[rows$group == 1]),
       se = sqrt(vcov(fit)["group", "group"]))
}

fits <- list()
for (i in 1:150) {
  rows <- trial()
  if (min(tapply(rows$event, factor(rows$group, 0:1), sum)) == 0) next
  for (model in c("efron", "breslow", "exact", "strata", "adjusted")) fits[[length(fits) + 1]] <- one(model, rows)
}
fits <- Filter(Negate(is.null), fits)
write(toJSON(fits, auto_unbox = TRUE, digits = 10), file.path(here, "floor.json"))
cat(length(fits), "fits\n")
