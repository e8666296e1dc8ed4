# Statistics written out from their definitions, with explicit loops over rows and times: those that R's survival
# package does not offer, or not under delayed entry. Nothing here is shared with the kernel under test.
#
# Every function takes rows (data frame: time, event, group, entry, stratum) whose times went through timefix().

# Times that differ by rounding error only become one, by survival's own rule.
timefix <- function(rows) {
  delayed <- !all(is.na(rows$entry))
  y <- if (delayed) Surv(rows$entry, rows$time, rows$event) else Surv(rows$time, rows$event)
  y <- aeqSurv(y)
  if (delayed) rows$entry <- y[, 1]
  rows$time <- y[, if (delayed) 2 else 1]
  rows
}

# Per event time of some rows: numbers at risk and events by group (columns), counted row by row.
count <- function(rows, k) {
  entry <- if (all(is.na(rows$entry))) rep(-Inf, nrow(rows)) else rows$entry
  times <- sort(unique(rows$time[rows$event == 1]))
  at_risk <- events <- matrix(0, length(times), k)
  for (i in seq_along(times)) {
    for (g in seq_len(k)) {
      mine <- rows$group == g - 1
      at_risk[i, g] <- sum(mine & entry < times[i] & rows$time >= times[i])
      events[i, g] <- sum(mine & rows$event == 1 & rows$time == times[i])
    }
  }
  list(times = times, at_risk = at_risk, events = events)
}

count_strata <- function(rows, k) lapply(split(rows, rows$stratum), count, k = k)

# Weights of the log-rank family at each event time, from the pooled sample (Klein and Moeschberger 2003, 7.3).
weights_of <- function(counts, name, rho = 0, gamma = 0) {
  n <- rowSums(counts$at_risk)
  d <- rowSums(counts$events)
  before <- peto <- numeric(length(n))
  s <- s_peto <- 1
  for (i in seq_along(n)) {
    before[i] <- s
    s <- s * (1 - d[i] / n[i])
    s_peto <- s_peto * (1 - d[i] / (n[i] + 1))
    peto[i] <- s_peto
  }
  switch(name,
    logrank = rep(1, length(n)), gehan = n, "tarone-ware" = sqrt(n), peto = peto,
    "fleming-harrington" = before^rho * (1 - before)^gamma
  )
}

# Observed and expected events and their covariance, summed over event times and strata.
observed_expected <- function(strata, k, name, rho = 0, gamma = 0) {
  observed <- expected <- numeric(k)
  variance <- matrix(0, k, k)
  for (counts in strata) {
    w <- weights_of(counts, name, rho, gamma)
    for (i in seq_along(counts$times)) {
      n <- sum(counts$at_risk[i, ])
      d <- sum(counts$events[i, ])
      for (g in seq_len(k)) {
        share <- counts$at_risk[i, g] / n
        observed[g] <- observed[g] + w[i] * counts$events[i, g]
        expected[g] <- expected[g] + w[i] * d * share
        for (h in seq_len(k)) {
          other <- counts$at_risk[i, h] / n
          if (n > 1) variance[g, h] <- variance[g, h] + w[i]^2 * d * (n - d) / (n - 1) * share * ((g == h) - other)
        }
      }
    }
  }
  list(observed = observed, expected = expected, variance = variance)
}

# Chi-square over the groups that are ever compared, leaving the last of them out.
compare_groups <- function(strata, k, name, rho = 0, gamma = 0) {
  x <- observed_expected(strata, k, name, rho, gamma)
  keep <- which(diag(x$variance) > 0)
  if (length(keep) < 2) return(NULL)
  inner <- keep[-length(keep)]
  u <- (x$observed - x$expected)[inner]
  chisq <- as.numeric(u %*% solve(x$variance[inner, inner, drop = FALSE], u))
  df <- length(inner)
  list(chisq = chisq, df = df, p = pchisq(chisq, df, lower.tail = FALSE),
       observed = x$observed, expected = x$expected, variance = x$variance)
}

# Test for trend with scores 0, 1, 2, ... (Klein and Moeschberger 2003, 7.4).
trend_test <- function(strata, k, name) {
  x <- observed_expected(strata, k, name)
  scores <- seq_len(k) - 1
  spread <- as.numeric(scores %*% x$variance %*% scores)
  if (spread <= 0) return(NULL)
  chisq <- sum(scores * (x$observed - x$expected))^2 / spread
  list(chisq = chisq, p = pchisq(chisq, 1, lower.tail = FALSE))
}

# Two groups: hazard ratio of group 1 over group 0 from the log-rank test, (O1/E1)/(O0/E0), and from (O - E)/V.
logrank_ratios <- function(test) {
  if (is.null(test) || length(test$observed) != 2) return(NULL)
  o <- test$observed
  e <- test$expected
  v <- test$variance[2, 2]
  list(
    logrank = list(log_hr = if (all(o > 0)) log(o[2] / e[2]) - log(o[1] / e[1]) else NA, se = sqrt(sum(1 / e))),
    mantel_haenszel = list(log_hr = (o[2] - e[2]) / v, se = 1 / sqrt(v))
  )
}

# The partial likelihood of two groups as choices, one entry per event: a1 and a0 at risk in groups 1 and 0 (Efron's
# approximation lowers them through a tie), y = 1 where the event fell in group 1.
choices <- function(strata, ties) {
  parts <- list()
  for (counts in strata) {
    for (i in seq_along(counts$times)) {
      d <- counts$events[i, ]
      n <- counts$at_risk[i, ]
      part <- if (ties == "efron") (seq_len(sum(d)) - 1) / sum(d) else rep(0, sum(d))
      parts[[length(parts) + 1]] <- list(a0 = n[1] - part * d[1], a1 = n[2] - part * d[2], y = rep(1:0, c(d[2], d[1])))
    }
  }
  sapply(c("a0", "a1", "y"), function(x) unlist(lapply(parts, `[[`, x)), simplify = FALSE)
}

root <- function(f, from, to) uniroot(f, c(from, to), tol = 1e-14, maxiter = 10000)$root
share <- function(x, b) x$a1 * exp(b) / (x$a0 + x$a1 * exp(b)) # chance that an event falls in group 1

# Maximum of the partial likelihood: the root of its score. A check on coxph.
cox_root <- function(strata, ties) {
  x <- choices(strata, ties)
  root(function(b) sum(x$y - share(x, b)), -15, 15)
}

# Firth's penalised partial likelihood, log PL(b) + log I(b)/2 (Heinze and Schemper 2001): the root of the score
# U(b) + I'(b)/(2 I(b)), the profile penalised likelihood interval and the penalised likelihood ratio test.
firth <- function(strata, ties) {
  x <- choices(strata, ties)
  information <- function(b) sum(share(x, b) * (1 - share(x, b)))
  if (length(x$y) == 0 || information(0) == 0) return(NULL)
  log_lik <- function(b) sum(b * x$y - log(x$a0 + x$a1 * exp(b))) + log(information(b)) / 2
  score <- function(b) {
    p <- share(x, b)
    sum(x$y - p) + sum(p * (1 - p) * (1 - 2 * p)) / sum(p * (1 - p)) / 2
  }
  b <- root(score, -15, 15)
  drop <- function(to) 2 * (log_lik(b) - log_lik(to)) - qchisq(0.95, 1)
  limit <- function(end) if (drop(end) > 0) root(drop, min(b, end), max(b, end)) else NA
  ratio <- 2 * (log_lik(b) - log_lik(0))
  list(coef = b, se = 1 / sqrt(information(b)), lower = limit(-30), upper = limit(30),
       lr = ratio, p = pchisq(ratio, 1, lower.tail = FALSE))
}

# First time at which y (S or one of its limits) is at or below `level`; where it equals the level, half-way to the next
# drop if there is one: the rule of print.survfit, written for any level. Limits need not fall all the way under delayed
# entry; quantile.survfit sorts them by value, which is no crossing (see README.md).
crossing <- function(time, y, level) {
  tolerance <- 1e-9
  time <- time[!is.na(y)]
  y <- y[!is.na(y)]
  at <- which(y <= level + tolerance)
  if (length(at) == 0) return(NA)
  drop <- which(y < level - tolerance)
  if (y[at[1]] > level - tolerance && length(drop)) (time[at[1]] + time[drop[1]]) / 2 else time[at[1]]
}

# SPSS's standard error of a quantile: SE(S(t)) (l - u) / (S(u) - S(l)), u the last event time with S >= level + 0.05
# and l the first with S <= level - 0.05 (IBM SPSS Statistics Algorithms, KM).
spss_quantile <- function(fit, p = 0.5) {
  tolerance <- 1e-9
  events <- fit$n.event > 0
  time <- fit$time[events]
  s <- fit$surv[events]
  se <- (fit$std.err * fit$surv)[events]
  level <- 1 - p
  at <- which(s <= level + tolerance)
  above <- which(s >= level + 0.05 - tolerance)
  below <- which(s <= level - 0.05 + tolerance)
  if (length(at) == 0) return(list(estimate = NA, se = NA, lower = NA, upper = NA))
  estimate <- time[at[1]]
  if (length(above) == 0 || length(below) == 0) return(list(estimate = estimate, se = NA, lower = NA, upper = NA))
  u <- above[length(above)]
  l <- below[1]
  error <- se[at[1]] * (time[l] - time[u]) / (s[u] - s[l])
  z <- qnorm(0.975)
  list(estimate = estimate, se = error, lower = estimate - z * error, upper = estimate + z * error)
}

# Reverse Kaplan-Meier with deaths leaving before censorings at the same time (prodlim's order): survfit on integer
# codes in which a death at the r-th time is 2r and a censoring 2r + 1, then put back on the real times.
reverse_deaths_first <- function(rows, conf.type) {
  times <- sort(unique(c(rows$time, rows$entry[!is.na(rows$entry)])))
  code <- 2 * match(rows$time, times) + (1 - rows$event)
  delayed <- !all(is.na(rows$entry))
  y <- if (delayed) Surv(2 * match(rows$entry, times) + 1, code, 1 - rows$event) else Surv(code, 1 - rows$event)
  fit <- survfit(y ~ 1, conf.type = conf.type)
  fit$time <- times[fit$time %/% 2]
  fit
}
