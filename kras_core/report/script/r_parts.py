"""The pieces that an R script is made of: survival where it has the convention, else the formula."""

SURV = "Surv(time, event)"
SURV_ENTRY = "Surv(entry, time, event)"

CURVE = """
# S(t), Greenwood's standard error of log S, and the interval of S(t)
kaplan_meier <- function(rows) {{
  fit <- survfit({surv} ~ 1, data = rows, conf.type = "{kind}", conf.int = confidence)
  km <- data.frame(time = fit$time, n = fit$n.risk, d = fit$n.event, s = fit$surv, se = fit$std.err,
                   low = fit$lower, high = fit$upper)
{own_times}{at_zero}  list(fit = fit, km = km)
}}
"""
OWN_TIMES = "  km <- km[km$d > 0 | fit$n.censor > 0, ]\n"
AT_ZERO = {
    "missing": "",
    "zero": '  km[km$s <= 0, c("low", "high")] <- 0  # once S = 0, so is its interval\n',
}
HALF = {
    "first": """
# The first time at which y is 0.5 or below (0.5 within rounding)
half <- function(time, y) {
  below <- which(y <= 0.5 + 1e-9)
  if (length(below)) time[below[1]] else NA
}
""",
    "middle": """
# The first time at which y is below 0.5; where y is exactly 0.5, the middle of that plateau up to the next drop (the
# first time if there is none), as print.survfit has it
half <- function(time, y) {
  below <- which(y <= 0.5 + 1e-9)
  after <- which(y < 0.5 - 1e-9)
  if (!length(below)) return(NA)
  if (y[below[1]] < 0.5 - 1e-9 || !length(after)) return(time[below[1]])
  (time[below[1]] + time[after[1]]) / 2
}
""",
    "middle-to-end": """
# The first time at which y is below 0.5; where y is exactly 0.5, the middle of that plateau up to the next drop (up to
# the curve's end if there is none)
half <- function(time, y) {
  below <- which(y <= 0.5 + 1e-9)
  after <- which(y < 0.5 - 1e-9)
  if (!length(below)) return(NA)
  if (y[below[1]] < 0.5 - 1e-9) return(time[below[1]])
  (time[below[1]] + (if (length(after)) time[after[1]] else time[length(time)])) / 2
}
""",
}
MEDIAN = {
    "native": """
# The median with its Brookmeyer-Crowley interval, as survfit prints it
median_of <- function(curve) {
  table <- summary(curve$fit)$table
  unname(table[c("median", grep("LCL$", names(table), value = TRUE), grep("UCL$", names(table), value = TRUE))])
}
""",
    "brookmeyer-crowley": """
# The median, and where the limits of S(t) cross a half (Brookmeyer and Crowley 1982)
median_of <- function(curve) {
  km <- curve$km
  c(half(km$time, km$s), half(km$time, km$low), half(km$time, km$high))
}
""",
    "spss": """
# The median +- z SE, with SPSS's standard error: SE(S) (l - u) / (S(u) - S(l)), u the last event time with S >= 0.55,
# l the first with S <= 0.45 (IBM SPSS Statistics Algorithms, KM)
median_of <- function(curve) {
  km <- curve$km
  t <- half(km$time, km$s)
  at <- km[km$d > 0, ]
  above <- which(at$s >= 0.55 - 1e-9)
  under <- which(at$s <= 0.45 + 1e-9)
  if (is.na(t) || !length(above) || !length(under)) return(c(t, NA, NA))
  u <- above[length(above)]
  l <- under[1]
  here <- max(which(at$time <= t))
  if (at$s[here] <= 0) return(c(t, NA, NA))
  se <- at$s[here] * at$se[here] * (at$time[l] - at$time[u]) / (at$s[u] - at$s[l])
  c(t, t - z * se, t + z * se)
}
""",
    "none": """
# The median; this convention prints no interval
median_of <- function(curve) c(half(curve$km$time, curve$km$s), NA, NA)
""",
}
SURVIVAL_AT = """
# S(t) with its interval; not estimable beyond follow-up unless S has fallen to 0
survival_at <- function(curve, t) {{
  km <- curve$km
  last <- nrow(km)
  if (t > km$time[last] && km$s[last] > 0) return(c(NA, NA, NA))
  before <- which(km$time <= t)
  if (!length(before)) return({start})
  unlist(km[max(before), c("s", "low", "high")])
}}
"""
RMST = """
# Area under the curve up to tau and its standard error
restricted_mean <- function(curve) {
  if (tau < curve$km$time[1]) return(c(tau, 0))
  unname(summary(curve$fit, rmean = tau)$table[c("rmean", "se(rmean)")])
}
"""
COUNTS = """
# At risk and events in each group (rows) at every time with an event (columns)
counts <- function(rows, groups) {{
  times <- sort(unique(rows$time[rows$event]))
  inside <- lapply(groups, function(g) rows[rows$stratum == g, ])
  count <- function(f) t(sapply(inside, function(g) sapply(times, function(t) f(g, t))))
  dims <- c(length(groups), length(times))
  n <- count(function(g, t) sum({at_risk}))
  d <- count(function(g, t) sum(g$time == t & g$event))
  list(n = array(n, dims), d = array(d, dims))
}}
"""
LOGRANK = """
# Observed and expected events and their covariance (Mantel 1966)
logrank <- function(rows, groups) {
  at <- counts(rows, groups)
  total <- colSums(at$n)
  events <- colSums(at$d)
  share <- sweep(at$n, 2, total, "/")
  spread <- events * (total - events) / pmax(total - 1, 1)
  weighted <- sweep(share, 2, spread, "*")
  list(o = rowSums(at$d), e = as.vector(share %*% events), v = diag(rowSums(weighted)) - weighted %*% t(share))
}
"""
CHI2_NATIVE = """
test <- survdiff(Surv(time, event) ~ stratum, data = compared)
add("", "log-rank chi2", test$chisq, p = pchisq(test$chisq, {df}, lower.tail = FALSE))
"""
CHI2_WRITTEN = """
test <- logrank(compared, strata)
parts <- eigen(test$v, symmetric = TRUE)
kept <- parts$values > 1e-10 * max(parts$values)
chi2 <- sum((t(parts$vectors[, kept]) %*% (test$o - test$e))^2 / parts$values[kept])
add("", "log-rank chi2", chi2, p = pchisq(chi2, {df}, lower.tail = FALSE))
"""
COX = """
# Hazard ratios: Cox model, {ties} ties, Wald interval
compared <- compared[compared$stratum %in% in_model, ]
compared$stratum <- factor(compared$stratum, levels = c(reference, setdiff(in_model, reference)))
model <- coxph({surv} ~ stratum, data = compared, ties = "{ties}", control = coxph.control(eps = 1e-11, iter.max = 100))
b <- coef(model)
se <- sqrt(diag(vcov(model)))
others <- levels(compared$stratum)[-1]
for (i in seq_along(others)) {{
  limits <- exp(b[i] + c(-z, z) * se[i])
  add(paste(others[i], "v", reference), "hazard ratio", exp(b[i]), limits[1], limits[2], 2 * pnorm(-abs(b[i] / se[i])))
}}
"""
FIRTH = """
# Hazard ratios: the Cox model's maximum lies at infinity, since one group has all the events, or none, of those it was
# at risk with. Firth's penalised likelihood (Firth 1993; Heinze and Schemper 2001), profile interval and p
groups <- c(reference, setdiff(in_model, reference))
at <- counts(compared, groups)
events <- colSums(at$d)
{choices}chosen <- rowSums(at$d)
k <- length(groups) - 1

# Log partial likelihood + half the log determinant of the information
penalised <- function(beta) {{
  p <- w * exp(c(0, beta))
  total <- colSums(p)
  p <- sweep(p, 2, total, "/")[-1, , drop = FALSE]
  information <- diag(as.vector(p %*% m), k) - sweep(p, 2, m, "*") %*% t(p)
  sum(chosen[-1] * beta) - sum(m * log(total)) + as.numeric(determinant(information)$modulus) / 2
}}

# The maximum, with one coefficient held at a value or with none
best <- function(fixed = 0, at = 0) {{
  free <- setdiff(seq_len(k), fixed)
  beta <- rep(0, k)
  if (fixed > 0) beta[fixed] <- at
  value <- function(x) -penalised(replace(beta, free, x))
  if (length(free) == 1) beta[free] <- optimize(value, c(-40, 40), tol = 1e-10)$minimum
  if (length(free) > 1) {{
    for (again in 1:3) beta[free] <- optim(beta[free], value, control = list(reltol = 1e-15, maxit = 10000))$par
  }}
  list(beta = beta, value = penalised(beta))
}}

top <- best()
for (i in seq_len(k)) {{
  drop <- function(b) top$value - best(i, b)$value - qchisq(confidence, 1) / 2
  limit <- function(side) {{
    steps <- top$beta[i] + side * exp(seq(log(0.5), log(40), length.out = 12))
    end <- Find(function(b) drop(b) > 0, steps)
    if (is.null(end)) NA else exp(uniroot(drop, sort(c(top$beta[i], end)), tol = 1e-11)$root)
  }}
  p <- pchisq(2 * max(top$value - best(i)$value, 0), 1, lower.tail = FALSE)
  add(paste(groups[i + 1], "v", reference), "hazard ratio", exp(top$beta[i]), limit(-1), limit(1), p)
}}
"""
CHOICES = {
    "breslow": "w <- at$n  # Breslow ties\nm <- events\n",
    "efron": (
        "# Efron ties: of the events at one time, each next one sees the others partly gone\n"
        "w <- do.call(cbind, lapply(seq_along(events), function(t) {\n"
        "  sapply(seq_len(events[t]) - 1, function(i) at$n[, t] - i / events[t] * at$d[, t])\n"
        "}))\n"
        "m <- rep(1, ncol(w))\n"
    ),
}
PRISM = {
    "logrank": """
# Hazard ratio: (O/E)/(O/E) of the log-rank test (GraphPad Prism's "log-rank")
zero <- which(strata == reference)
one <- 3 - zero
b <- log(test$o[one] / test$e[one]) - log(test$o[zero] / test$e[zero])
se <- sqrt(1 / test$e[one] + 1 / test$e[zero])
add(paste(strata[one], "v", reference), "hazard ratio", exp(b), exp(b - z * se), exp(b + z * se),
    2 * pnorm(-abs(b / se)))
""",
    "mantel-haenszel": """
# Hazard ratio: exp((O - E)/V) of the log-rank test (GraphPad Prism's "Mantel-Haenszel")
one <- 3 - which(strata == reference)
b <- (test$o[one] - test$e[one]) / test$v[one, one]
se <- test$v[one, one]^-0.5
add(paste(strata[one], "v", reference), "hazard ratio", exp(b), exp(b - z * se), exp(b + z * se),
    2 * pnorm(-abs(b / se)))
""",
}
MEANS = """
# Difference of the restricted means
other <- setdiff(strata, reference)
difference <- means[[other]][1] - means[[reference]][1]
se <- sqrt(means[[other]][2]^2 + means[[reference]][2]^2)
if (se > 0) {
  add(paste(other, "v", reference), "difference of restricted means", difference, difference - z * se,
      difference + z * se, 2 * pnorm(-abs(difference / se)))
}
"""
MAIN = """
found <- list()
add <- function(stratum, quantity, estimate, low = NA, high = NA, p = NA) {{
  found[[length(found) + 1]] <<- data.frame(stratum, quantity, estimate, low, high, p, row.names = NULL)
}}

means <- list()
for (name in c({names}"All patients")) {{
  group <- if (name == "All patients") rows else rows[rows$stratum %in% name, ]
  curve <- kaplan_meier(group)
  add(name, "patients", nrow(group))
  add(name, "events", sum(group$event))
  m <- median_of(curve)
  add(name, "median", m[1], m[2], m[3])
  for (t in milestones) {{
    s <- survival_at(curve, t)
    add(name, sprintf("survival at %g", t), s[1], s[2], s[3])
  }}
  means[[name]] <- restricted_mean(curve)
  mean <- means[[name]][1]
  se <- means[[name]][2]
  add(name, sprintf("restricted mean to %.6g", tau), mean, mean - z * se, mean + z * se)
  m <- median_of(kaplan_meier(transform(group, event = !event)))  # reverse Kaplan-Meier
  add(name, "follow-up", m[1], m[2], m[3])
  for (t in sort(unique(c(milestones, ticks)))) {{
    add(name, sprintf("at risk at %.6g", t), sum({at_risk}))
  }}
}}
"""
END = """
found <- do.call(rbind, found)
found[4:6] <- lapply(found[4:6], as.numeric)
write.csv(format(found, digits = 15, trim = TRUE), row.names = FALSE)  # NA: not reached, or not estimable
"""
