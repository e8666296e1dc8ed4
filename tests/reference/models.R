# Reference values for models of several covariates: writes models/<set>.csv and models/<set>.json.
#
#     apt-get install r-base-core r-cran-survival r-cran-jsonlite
#     Rscript tests/reference/models.R
#
# coxph of all covariates, the likelihood ratio test of leaving each one out, cox.zph (g = "km") by covariate and by
# column, and its residuals. Covariates of a set: everything but time, event and entry; text is a factor, the first
# level in the order of the file's `levels` its reference.

suppressMessages({
  library(survival)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)

lung_rows <- function() {
  rows <- na.omit(lung[c("time", "status", "age", "sex", "ph.ecog", "wt.loss")])
  rows <- rows[rows$ph.ecog < 3, ]
  data.frame(time = rows$time, event = rows$status - 1, entry = NA, age = rows$age,
             sex = factor(rows$sex, 1:2, c("male", "female")), ecog = factor(rows$ph.ecog, 0:2, c("e0", "e1", "e2")),
             wt_loss = rows$wt.loss)
}

veteran_rows <- function() data.frame(
  time = veteran$time, event = veteran$status, entry = NA, trt = factor(veteran$trt, 1:2, c("standard", "test")),
  cell = veteran$celltype, karno = veteran$karno, age = veteran$age
)

delayed_rows <- function() {
  set.seed(21)
  n <- 120
  rows <- data.frame(x = round(rnorm(n), 2), group = factor(sample(c("a", "b", "c"), n, TRUE)))
  time <- rexp(n, 0.1 * exp(0.4 * rows$x + 0.5 * (rows$group == "b")))
  stop <- runif(n, 3, 30)
  last <- ceiling(pmin(time, stop) * 2) / 2
  cbind(data.frame(time = last, event = as.integer(time <= stop), entry = round(pmin(runif(n, 0, 3), last - 0.25), 2)),
        rows)
}

sets <- list(lung = lung_rows(), veteran = veteran_rows(), delayed = delayed_rows())

test_json <- function(table) lapply(seq_len(nrow(table)), function(i) list(
  name = rownames(table)[i], chi2 = table[i, "chisq"], df = table[i, "df"], p = table[i, "p"]))

reference <- function(rows, ties) {
  rows$S <- if (all(is.na(rows$entry))) Surv(rows$time, rows$event) else Surv(rows$entry, rows$time, rows$event)
  names <- setdiff(names(rows), c("time", "event", "entry", "S"))
  fit_of <- function(names) coxph(reformulate(names, "S"), rows, ties = ties, control = control)
  fit <- fit_of(names)
  without <- lapply(names, function(name) {
    smaller <- fit_of(setdiff(names, name))
    df <- length(coef(fit)) - length(coef(smaller))
    chi2 <- 2 * (fit$loglik[2] - smaller$loglik[2])
    list(name = name, chi2 = chi2, df = df, p = pchisq(chi2, df, lower.tail = FALSE))
  })
  zph <- cox.zph(fit, transform = "km", terms = FALSE)
  list(names = names(coef(fit)), coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik,
       without = without, zph_terms = test_json(cox.zph(fit, transform = "km")$table), zph = test_json(zph$table),
       g = unname(zph$x), time = unname(zph$time), residuals = unname(zph$y))
}

dir.create(file.path(here, "models"), showWarnings = FALSE)
for (name in names(sets)) {
  rows <- sets[[name]]
  write.csv(rows, file.path(here, "models", paste0(name, ".csv")), row.names = FALSE, na = "", quote = FALSE)
  found <- list(R = R.version.string, survival = as.character(packageVersion("survival")),
                levels = Filter(Negate(is.null), lapply(rows, levels)),
                efron = reference(rows, "efron"), breslow = reference(rows, "breslow"))
  write_json(found, file.path(here, "models", paste0(name, ".json")), digits = NA, auto_unbox = TRUE, matrix = "rowmajor")
}
