# Reference values for markers and subgroups: writes markers/<set>.csv and markers/<set>.json.
#
#     apt-get install r-base-core r-cran-survival r-cran-maxstat r-cran-jsonlite
#     Rscript tests/reference/markers.R
#
# Log-rank tests by survdiff and Cox models by coxph at every inner cut-off, maxstat.test (scores of its own, and
# the Nelson-Aalen scores given as data), coxph on the marker and on a natural spline, concordance, and the
# likelihood ratio test of an interaction by anova.

suppressMessages({
  library(survival)
  library(maxstat)
  library(splines)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
TIES <- c("efron", "breslow")
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
PERMUTATIONS <- 200000

simulate <- function(n, seed, decimals, marker_decimals, delayed = FALSE) {
  set.seed(seed)
  marker <- round(exp(rnorm(n, 1, 0.5)), marker_decimals)
  group <- as.integer(runif(n) < 0.4)
  level <- sample(0:2, n, replace = TRUE)
  time <- rexp(n, 0.08 * ifelse(marker > 3, 1.7, 1) * ifelse(group == 1 & level == 2, 0.5, 1))
  stop <- runif(n, 2, 40)
  event <- as.integer(time <= stop)
  time <- ceiling(pmin(time, stop) * 10^decimals) / 10^decimals
  entry <- if (delayed) round(pmin(runif(n, 0, 4), time - 10^-decimals), decimals) else NA
  data.frame(time, event, marker, group, level, entry)
}

lung_rows <- function() {
  rows <- na.omit(lung[c("time", "status", "age", "sex", "ph.ecog")])
  rows <- rows[rows$ph.ecog < 3, ]
  data.frame(time = rows$time, event = rows$status - 1, marker = rows$age, group = rows$sex - 1,
             level = rows$ph.ecog, entry = NA)
}

sets <- list(
  small = simulate(27, 11, 4, 4), tied = simulate(200, 12, 0, 1), few_values = simulate(80, 13, 1, 0),
  large = simulate(1500, 14, 1, 2), delayed = simulate(150, 15, 2, 2, TRUE), lung = lung_rows()
)

loglik <- function(formula, rows, ties) coxph(formula, rows, ties = ties, control = control)$loglik[2]

every_cutoff <- function(rows, cuts, ties) {
  rows$S <- surv(rows)
  fits <- lapply(cuts, function(cut) coxph(S ~ I(marker > cut), rows, ties = ties, control = control))
  list(coef = sapply(fits, coef), se = sqrt(sapply(fits, vcov)))
}

surv <- function(rows) {
  if (all(is.na(rows$entry))) Surv(rows$time, rows$event) else Surv(rows$entry, rows$time, rows$event)
}

# The marker as it is: per unit, and as a natural spline, whose columns span those of Harrell's basis.
continuous <- function(rows, ties) {
  rows$S <- surv(rows)
  line <- coxph(S ~ marker, rows, ties = ties, control = control)
  knots <- unname(quantile(rows$marker, c(0.05, 0.35, 0.65, 0.95)))
  smooth <- tryCatch({
    stopifnot(all(diff(knots) > 0))
    fit <- coxph(S ~ ns(marker, knots = knots[2:3], Boundary.knots = knots[c(1, 4)]), rows, ties = ties,
                 control = control)
    at <- unname(quantile(rows$marker, c(0.02, 0.2, 0.5, 0.8, 0.98)))
    basis <- ns(at, knots = knots[2:3], Boundary.knots = knots[c(1, 4)])
    from <- sweep(basis, 2, basis[3, ])
    list(knots = knots, loglik = fit$loglik[2], at = at, curve = as.numeric(from %*% coef(fit)),
         se = sqrt(diag(from %*% vcov(fit) %*% t(from))))
  }, error = function(e) NULL)
  list(coef = unname(coef(line)), se = unname(sqrt(vcov(line)[1])), loglik = line$loglik, spline = smooth)
}

interaction_of <- function(rows, ties) {
  rows$S <- surv(rows)
  chi2 <- 2 * (loglik(S ~ group * factor(level), rows, ties) - loglik(S ~ group + factor(level), rows, ties))
  within <- lapply(split(rows, rows$level), function(part) coxph(S ~ group, part, ties = ties, control = control))
  list(chi2 = chi2, df = length(within) - 1, p = pchisq(chi2, length(within) - 1, lower.tail = FALSE),
       coef = unname(sapply(within, coef)), se = unname(sqrt(sapply(within, vcov))))
}

selected <- function(rows) {
  own <- maxstat.test(Surv(time, event) ~ marker, rows, smethod = "LogRank", pmethod = "condMC", B = PERMUTATIONS)
  rows$scores <- residuals(coxph(Surv(time, event) ~ 1, rows, ties = "breslow"), type = "martingale")
  test <- function(pmethod, ...) maxstat.test(scores ~ marker, rows, smethod = "Data", pmethod = pmethod, ...)
  set.seed(1)
  ours <- test("condMC", B = PERMUTATIONS)
  list(cuts = ours$cuts, stats = ours$stats, statistic = unname(ours$statistic), estimate = unname(ours$estimate),
       p = ours$p.value, permutations = PERMUTATIONS, p_1992 = unname(test("Lau92")$p.value),
       p_1994 = unname(test("Lau94")$p.value), own_statistic = unname(own$statistic), own_estimate = unname(own$estimate),
       own_p = own$p.value)
}

describe <- function(rows) {
  delayed <- !all(is.na(rows$entry))
  found <- list(r = as.character(getRversion()), survival = as.character(packageVersion("survival")),
                maxstat = as.character(packageVersion("maxstat")))
  ordered <- sort(unique(rows$marker))
  below <- sapply(ordered, function(cut) sum(rows$marker <= cut))
  inner <- below >= max(1, floor(nrow(rows) * 0.1)) & below <= floor(nrow(rows) * 0.9) & below < nrow(rows)
  cuts <- ordered[inner]
  found$cuts <- cuts
  if (!delayed) {
    found$chisq <- sapply(cuts, function(cut) survdiff(Surv(time, event) ~ I(marker > cut), rows)$chisq)
    found$selected <- selected(rows)
    stopifnot(identical(cuts, found$selected$cuts))
    c <- concordance(Surv(time, event) ~ marker, rows, reverse = TRUE)
    found$concordance <- list(c = unname(c$concordance), se = sqrt(c$var))
  }
  for (ties in TIES) {
    found[[ties]] <- c(every_cutoff(rows, cuts, ties), list(marker = continuous(rows, ties),
                                                             interaction = interaction_of(rows, ties)))
  }
  found
}

for (name in names(sets)) {
  rows <- sets[[name]]
  write.csv(rows, file.path(here, "markers", paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
  # Read back, so that both sides see the same digits.
  rows <- read.csv(file.path(here, "markers", paste0(name, ".csv")))
  write_json(describe(rows), file.path(here, "markers", paste0(name, ".json")), digits = NA, auto_unbox = TRUE,
             null = "null")
}
