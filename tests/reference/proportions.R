# Reference values for kras_core/stats/proportions.py: Rscript proportions.R > proportions.json
# Base R has exact and score intervals of one proportion and Fisher's test. Newcombe's interval is put
# together from prop.test's; Miettinen-Nurminen's is found by maximising the likelihood numerically under
# the difference and searching the limit, which shares no formula with the Python code.
library(jsonlite)

one <- function(k, n, level) {
  list(k = k, n = n, level = level,
       exact = as.numeric(binom.test(k, n, conf.level = level)$conf.int),
       wilson = as.numeric(suppressWarnings(prop.test(k, n, conf.level = level, correct = FALSE)$conf.int)))
}

newcombe <- function(k1, n1, k2, n2, level) {
  w1 <- one(k1, n1, level)$wilson
  w2 <- one(k2, n2, level)$wilson
  p1 <- k1 / n1
  p2 <- k2 / n2
  d <- p1 - p2
  c(d - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2), d + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2))
}

score <- function(delta, k1, n1, k2, n2) {
  term <- function(k, p) if (k == 0) 0 else k * log(p)
  loglik <- function(p2) {
    p1 <- min(max(p2 + delta, 0), 1)
    term(k1, p1) + term(n1 - k1, 1 - p1) + term(k2, p2) + term(n2 - k2, 1 - p2)
  }
  low <- max(0, -delta)
  high <- min(1, 1 - delta)
  best <- optimize(function(p) max(loglik(p), -1e300), c(low, high), maximum = TRUE, tol = 1e-13)
  candidates <- c(best$maximum, low, high)
  p2 <- candidates[which.max(sapply(candidates, loglik))]
  p1 <- p2 + delta
  n <- n1 + n2
  variance <- (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * n / (n - 1)
  (k1 / n1 - k2 / n2 - delta) / sqrt(variance)
}

miettinen <- function(k1, n1, k2, n2, level) {
  z <- qnorm((1 + level) / 2)
  d <- k1 / n1 - k2 / n2
  gap <- 1e-9
  limit <- function(sign) {
    end <- sign * (1 - gap)
    if (abs(d - end) < 2 * gap) return(sign)
    f <- function(delta) abs(score(delta, k1, n1, k2, n2)) - z
    uniroot(f, sort(c(end, d + sign * gap)), tol = 1e-12)$root
  }
  c(limit(-1), limit(1))
}

two <- function(v) {
  list(k1 = v[1], n1 = v[2], k2 = v[3], n2 = v[4], level = v[5],
       newcombe = newcombe(v[1], v[2], v[3], v[4], v[5]),
       miettinen = miettinen(v[1], v[2], v[3], v[4], v[5]))
}

singles <- list(c(0, 1), c(1, 1), c(0, 27), c(9, 27), c(16, 27), c(25, 27), c(27, 27), c(1, 6), c(3, 1000),
                c(123456, 1000000))
pairs <- list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 0, 29), c(0, 10, 0, 20), c(0, 10, 0, 10),
              c(10, 10, 0, 20), c(10, 10, 0, 10), c(3, 6, 13, 21), c(1, 1, 0, 1), c(16, 20, 4, 7),
              c(480, 1000, 519, 1000))

tables <- list(c(3, 1, 1, 3), c(16, 4, 5, 2), c(4, 17, 4, 2), c(1, 20, 0, 6), c(0, 21, 3, 3), c(21, 0, 6, 0),
               c(10, 90, 25, 75), c(500, 500, 560, 440), c(60000, 40000, 60900, 39100), c(0, 400000, 9, 600000))
fisher <- lapply(tables, function(v) {
  table <- matrix(v, 2, byrow = TRUE)
  list(table = table, p = fisher.test(table)$p.value)
})

at_levels <- function(cases, levels, f) unlist(lapply(cases, function(v) lapply(levels, function(l) f(v, l))), FALSE)

out <- list(
  one = at_levels(singles, c(0.9, 0.95, 0.99), function(v, l) one(v[1], v[2], l)),
  two = at_levels(pairs, c(0.9, 0.95), function(v, l) two(c(v, l))),
  fisher = fisher,
  r = R.version.string)
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
