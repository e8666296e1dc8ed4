# R's part of markers.py: one task a line read, its seconds and numbers printed.
# Usage: Rscript markers.R FOLDER, where FOLDER holds time, event, marker, group and f1 ... f10 as raw doubles.

suppressPackageStartupMessages({
  library(survival)
  library(maxstat)
})

folder <- commandArgs(trailingOnly = TRUE)[1]
column <- function(name) {
  file <- file.path(folder, name)
  readBin(file, "double", n = file.size(file) / 8)
}
rows <- data.frame(time = column("time"), event = column("event"), marker = column("marker"), group = column("group"))
factors <- sort(list.files(folder, pattern = "^f[0-9]+$"))
for (name in factors) rows[[name]] <- column(name)
outcome <- Surv(rows$time, rows$event)

# maxstat with its p by permutation, and the log-rank test at each of its cut-offs.
ribbon <- function() {
  test <- maxstat.test(Surv(time, event) ~ marker, rows, smethod = "LogRank", pmethod = "condMC", B = 10000)
  chi2 <- sapply(test$cuts, function(cut) survdiff(outcome ~ I(rows$marker > cut))$chisq)
  c(max(chi2), test$p.value)
}

# A Cox model in every subgroup, and two for every interaction.
forest <- function() {
  numbers <- c()
  for (name in factors) {
    level <- rows[[name]]
    for (value in 0:1) {
      numbers <- c(numbers, exp(coef(coxph(outcome ~ rows$group, subset = level == value))))
    }
    both <- coxph(outcome ~ rows$group * level)
    apart <- coxph(outcome ~ rows$group + level)
    numbers <- c(numbers, 2 * (both$loglik[2] - apart$loglik[2]))
  }
  numbers
}

cat("ready", as.character(getRversion()), as.character(packageVersion("survival")),
    as.character(packageVersion("maxstat")), "\n")
flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  clock <- Sys.time()
  numbers <- if (line == "ribbon") ribbon() else forest()
  seconds <- as.numeric(difftime(Sys.time(), clock, units = "secs"))
  cat(sprintf("%.9f", seconds), sprintf("%.12g", numbers), "\n")
  flush(stdout())
}
