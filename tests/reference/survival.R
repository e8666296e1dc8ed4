# Reference values of the statistics kernel: reads data/*.csv, writes output/<set>.json.
#
#     Rscript survival.R            all sets, and the million rows of a closed formula (about two minutes)
#     Rscript survival.R lung       one set
#
# What R's survival offers comes from there; what it does not comes from definitions.R. See README.md.

suppressMessages({
  library(survival)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "definitions.R"))
TYPES <- c("plain", "log", "log-log")
PROBABILITIES <- c(0.25, 0.5, 0.75)
# Below 1e-11 the log likelihood of a million rows (-7.7e6) is noise, and coxph halves its steps away from the maximum.
control_for <- function(rows) {
  coxph.control(eps = if (nrow(rows) > 1e5) 1e-11 else 1e-13, toler.chol = 1e-14, iter.max = 100)
}

is_delayed <- function(rows) !all(is.na(rows$entry))
surv <- function(rows) if (is_delayed(rows)) Surv(rows$entry, rows$time, rows$event) else Surv(rows$time, rows$event)
reversed <- function(rows) { rows$event <- 1 - rows$event; surv(rows) }

# A million rows that both sides compute: no file.
million <- function() {
  i <- as.numeric(0:999999)
  group <- i %% 2
  data.frame(time = 1 + (i * 7919) %% (1009 - 200 * group), event = as.numeric((i * 31) %% 10 < 6), group,
             entry = NA_real_, stratum = 0)
}

# One curve -------------------------------------------------------------------------------------------------------
kept_rows <- function(n) if (n <= 400) seq_len(n) else unique(c(1, seq(7, n, by = 7), n)) # long curves: every 7th

# Quantiles as quantile.survfit gives them, the median as print.survfit does, and print's rule for every quantile.
quantiles <- function(fit) {
  q <- quantile(fit, PROBABILITIES)
  printed <- as.numeric(summary(fit)$table[c("median", "0.95LCL", "0.95UCL")])
  where <- function(y) sapply(PROBABILITIES, function(p) crossing(fit$time, y, 1 - p))
  crossings <- list(estimate = where(fit$surv), lower = where(fit$lower), upper = where(fit$upper))
  stopifnot(all.equal(as.numeric(sapply(crossings, `[`, 2)), printed)) # print.survfit has its own tolerance, 1.5e-8
  list(p = PROBABILITIES, estimate = as.numeric(q$quantile), lower = as.numeric(q$lower), upper = as.numeric(q$upper),
       falling = list(lower = !is.unsorted(-na.omit(fit$lower)), upper = !is.unsorted(-na.omit(fit$upper))),
       crossing = crossings)
}

at_risk_at <- function(rows, times) {
  entry <- if (is_delayed(rows)) rows$entry else -Inf
  sapply(times, function(t) sum(entry < t & rows$time >= t))
}

describe <- function(rows, taus) {
  fits <- lapply(setNames(TYPES, TYPES), function(type) survfit(surv(rows) ~ 1, conf.type = type))
  fit <- fits$log
  kept <- kept_rows(length(fit$time))
  last <- max(rows$time)
  milestones <- sort(unique(c(min(c(rows$time[rows$event == 1], last)), last / 4, last / 2, 3 * last / 4, last)))
  milestones <- milestones[milestones > 0]
  limits <- function(f) list(lower = f$lower[kept], upper = f$upper[kept])
  at <- lapply(fits, summary, times = milestones, extend = TRUE)
  followed <- lapply(setNames(TYPES, TYPES), function(type) survfit(reversed(rows) ~ 1, conf.type = type))
  deaths_first <- lapply(setNames(TYPES, TYPES), function(type) reverse_deaths_first(rows, type))
  means <- lapply(taus, function(tau) survival:::survmean(fit, rmean = tau)$matrix)
  list(
    n = nrow(rows),
    curve = c(
      list(rows = length(fit$time), kept = kept - 1, time = fit$time[kept], n_risk = fit$n.risk[kept],
           n_event = fit$n.event[kept], n_censor = fit$n.censor[kept], surv = fit$surv[kept],
           std_err = (fit$std.err * fit$surv)[kept]),
      lapply(fits, limits)
    ),
    quantiles = lapply(fits, quantiles),
    spss = lapply(PROBABILITIES, function(p) spss_quantile(fit, p)),
    rates = c(
      list(time = milestones, n_risk = at_risk_at(rows, milestones), surv = at$log$surv, std_err = at$log$std.err),
      lapply(at, function(a) list(lower = a$lower, upper = a$upper))
    ),
    rmst = list(tau = taus, rmean = sapply(means, `[[`, "rmean"), se = sapply(means, `[[`, "se(rmean)")),
    follow_up = list(flipped = lapply(followed, quantiles), deaths_first = lapply(deaths_first, quantiles))
  )
}

# Tests -----------------------------------------------------------------------------------------------------------
from_survdiff <- function(rows, rho, stratified) {
  formula <- if (stratified) surv(rows) ~ group + strata(stratum) else surv(rows) ~ group
  fit <- tryCatch(survdiff(formula, data = rows, rho = rho), error = function(e) NULL)
  if (is.null(fit)) return(NULL)
  total <- function(x) if (is.matrix(x)) rowSums(x) else x
  df <- sum(total(fit$exp) > 0) - 1
  if (df < 1 || !is.finite(fit$chisq)) return(NULL)
  list(chisq = fit$chisq, df = df, p = pchisq(fit$chisq, df, lower.tail = FALSE), observed = total(fit$obs),
       expected = total(fit$exp), variance = fit$var)
}

agree <- function(a, b) isTRUE(all.equal(a$chisq, b$chisq, tolerance = 1e-9))

tests <- function(rows, k, stratified) {
  strata <- if (stratified) count_strata(rows, k) else list(count(rows, k))
  found <- list(
    logrank = compare_groups(strata, k, "logrank"),
    gehan = compare_groups(strata, k, "gehan"),
    "tarone-ware" = compare_groups(strata, k, "tarone-ware"),
    peto = compare_groups(strata, k, "peto"),
    fh_1_0 = compare_groups(strata, k, "fleming-harrington", 1, 0),
    fh_0_1 = compare_groups(strata, k, "fleming-harrington", 0, 1),
    fh_0.5_2 = compare_groups(strata, k, "fleming-harrington", 0.5, 2),
    trend = trend_test(strata, k, "logrank"),
    trend_gehan = trend_test(strata, k, "gehan"),
    ratios = if (!stratified) logrank_ratios(compare_groups(strata, k, "logrank"))
  )
  if (is_delayed(rows)) return(found)
  # survdiff's own values go first; the loops above must agree with them.
  for (test in list(list("logrank", 0), list("fh_1_0", 1))) {
    theirs <- from_survdiff(rows, test[[2]], stratified)
    if (is.null(theirs)) { stopifnot(is.null(found[[test[[1]]]])); next }
    stopifnot(agree(theirs, found[[test[[1]]]]))
    found[[test[[1]]]][c("chisq", "df", "p")] <- theirs[c("chisq", "df", "p")]
  }
  found
}

# Cox ---------------------------------------------------------------------------------------------------------------
# A fit and whether coxph warned of an infinite maximum ("may be infinite", "did not converge").
fit_watched <- function(...) {
  warned <- FALSE
  fit <- withCallingHandlers(coxph(...), warning = function(w) { warned <<- TRUE; invokeRestart("muffleWarning") })
  stopifnot(warned == any(abs(coef(fit)) > 10, na.rm = TRUE)) # no set has a finite ratio beyond e^10
  list(fit = fit, infinite = warned)
}

# Roots of the profile likelihood of one coefficient: the others are fitted with this one as an offset.
profile_interval <- function(rows, dummies, which, fit, ties, stratified) {
  y <- surv(rows)
  others <- dummies[, -which, drop = FALSE]
  log_lik <- function(b) {
    shift <- b * dummies[, which]
    terms <- c(if (ncol(others)) "others", "offset(shift)", if (stratified) "strata(rows$stratum)")
    refit <- coxph(as.formula(paste("y ~", paste(terms, collapse = "+"))), ties = ties, control = control_for(rows))
    refit$loglik[length(refit$loglik)]
  }
  best <- fit$loglik[2]
  drop <- function(b) 2 * (best - log_lik(b)) - qchisq(0.95, 1)
  b <- unname(coef(fit)[which])
  se <- sqrt(fit$var[which, which])
  end <- function(side) {
    far <- b + side * 2 * se
    while (drop(far) < 0) far <- far + side * se
    uniroot(drop, sort(c(b, far)), tol = 1e-12)$root
  }
  c(lower = end(-1), upper = end(1))
}

fit_cox <- function(rows, ties, stratified, profiles) {
  levels <- sort(unique(rows$group))
  if (length(levels) < 2 || sum(rows$event) == 0) return(NULL)
  dummies <- sapply(levels[-1], function(g) as.numeric(rows$group == g))
  formula <- if (stratified) surv(rows) ~ dummies + strata(rows$stratum) else surv(rows) ~ dummies
  watched <- fit_watched(formula, ties = ties, control = control_for(rows))
  fit <- watched$fit
  ratio <- 2 * diff(fit$loglik)
  df <- length(levels) - 1
  found <- list(groups = levels[-1], reference = levels[1], infinite = watched$infinite,
                loglik_null = fit$loglik[1], score = fit$score, df = df)
  if (found$infinite) return(c(found, list(printed = list(coef = unname(coef(fit)), se = sqrt(diag(fit$var))))))
  c(found, list(
    coef = unname(coef(fit)), se = sqrt(diag(fit$var)), covariance = fit$var, loglik = fit$loglik[2],
    wald = fit$wald.test, lr = ratio, lr_p = pchisq(ratio, df, lower.tail = FALSE),
    profile = if (profiles) {
      sapply(seq_along(levels[-1]), function(i) profile_interval(rows, dummies, i, fit, ties, stratified))
    }
  ))
}

cox <- function(rows, stratified, profiles) {
  found <- lapply(c(efron = "efron", breslow = "breslow"), function(ties) fit_cox(rows, ties, stratified, profiles))
  levels <- sort(unique(rows$group))
  if (length(levels) != 2 || is.null(found$efron)) return(found)
  rows$group <- match(rows$group, levels) - 1
  strata <- if (stratified) count_strata(rows, 2) else list(count(rows, 2))
  for (ties in c("efron", "breslow")) {
    if (!found[[ties]]$infinite) stopifnot(abs(found[[ties]]$coef - cox_root(strata, ties)) < 1e-8 * found[[ties]]$se)
  }
  c(found, list(firth = list(efron = firth(strata, "efron"), breslow = firth(strata, "breslow"))))
}

# One set -------------------------------------------------------------------------------------------------------------
reference <- function(rows, k) {
  rows <- timefix(rows)
  levels <- sort(unique(rows$group))
  tau <- min(tapply(rows$time, rows$group, max))
  taus <- c(tau / 2, tau)
  small <- nrow(rows) <= 1e5
  stratified <- length(unique(rows$stratum)) > 1
  several <- length(levels) > 1
  list(
    r = R.version.string, survival = as.character(packageVersion("survival")), k = k, n = nrow(rows),
    events = sum(rows$event), stratified = stratified, delayed = is_delayed(rows),
    groups = c(list(all = describe(rows, taus)),
               setNames(lapply(levels, function(g) describe(rows[rows$group == g, ], taus)), levels)),
    tests = if (several) tests(rows, k, FALSE),
    cox = if (several) cox(rows, FALSE, small),
    stratified_tests = if (several && stratified) tests(rows, k, TRUE),
    stratified_cox = if (several && stratified) cox(rows, TRUE, small)
  )
}

write_reference <- function(name, rows, k) {
  message(name)
  text <- toJSON(reference(rows, k), digits = I(17), auto_unbox = TRUE, na = "null", null = "null", matrix = "rowmajor")
  writeLines(prettify_lightly(text), file.path(here, "output", paste0(name, ".json")))
}

# One line per statistic, so that a difference between two runs can be read.
prettify_lightly <- function(text) gsub("},\"", "},\n\"", text, fixed = TRUE)

dir.create(file.path(here, "output"), showWarnings = FALSE)
sets <- read.csv(file.path(here, "data", "sets.csv"))
wanted <- commandArgs(TRUE)
if (length(wanted) == 0) wanted <- c(sets$name, "million")
for (name in wanted) {
  if (name == "million") {
    write_reference(name, million(), 2)
  } else {
    rows <- read.csv(file.path(here, "data", paste0(name, ".csv")))
    rows$entry <- as.numeric(rows$entry)
    write_reference(name, rows, sets$k[sets$name == name])
  }
}
