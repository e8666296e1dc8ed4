# The Survival view's quantities by R's survival, one toggle per line read: see kernel.py.
# Usage: Rscript kernel.R FOLDER, where FOLDER holds time, event and marker as raw doubles and grid.txt
# (first line milestones, second line ticks of the risk table).

suppressPackageStartupMessages(library(survival))

folder <- commandArgs(trailingOnly = TRUE)[1]
column <- function(name) {
  file <- file.path(folder, name)
  readBin(file, "double", n = file.size(file) / 8)
}
time <- column("time"); event <- column("event"); marker <- column("marker")
grid <- lapply(strsplit(readLines(file.path(folder, "grid.txt")), " "), as.numeric)
milestones <- grid[[1]]; ticks <- grid[[2]]
outcome <- Surv(time, event); followed <- Surv(time, 1 - event)

toggle <- function(cutoff) {
  group <- as.integer(marker > cutoff)
  curves <- survfit(outcome ~ group); everyone <- survfit(outcome ~ 1)
  medians <- c(unlist(quantile(curves, 0.5)), unlist(quantile(everyone, 0.5)))
  rates <- list(summary(curves, times = milestones, extend = TRUE), summary(everyone, times = milestones, extend = TRUE))
  at_risk <- summary(curves, times = ticks, extend = TRUE)[c("n.risk", "n.event", "n.censor")]
  test <- survdiff(outcome ~ group)
  fit <- coxph(outcome ~ group)
  ratio <- summary(fit)$conf.int[c(1, 3, 4)]
  proportional <- cox.zph(fit)
  follow_up <- c(unlist(quantile(survfit(followed ~ group), 0.5)), unlist(quantile(survfit(followed ~ 1), 0.5)))
  tau <- min(tapply(time, group, max))
  means <- rbind(summary(curves, rmean = tau)$table[, c("rmean", "se(rmean)")],
                 summary(everyone, rmean = tau)$table[c("rmean", "se(rmean)")])
  difference <- c(means[2, 1] - means[1, 1], sqrt(means[1, 2]^2 + means[2, 2]^2))
  c(test$chisq, test$pvalue, ratio, curves$n, means[1:2, 1], difference[1], at_risk$n.risk[1], medians[1])
}

memory <- function(name) {
  status <- "/proc/self/status"
  if (!file.exists(status)) return(NA)
  as.numeric(sub("[^0-9]*([0-9]+) kB", "\\1", grep(name, readLines(status), value = TRUE))) / 1024
}

invisible(gc())
try(suppressWarnings(cat("5", file = "/proc/self/clear_refs")), silent = TRUE)  # start the peak anew
base <- memory("VmRSS")
cat("ready", as.character(getRversion()), as.character(packageVersion("survival")), "\n")
flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  clock <- Sys.time(); used <- proc.time()
  numbers <- toggle(as.numeric(line))
  elapsed <- as.numeric(difftime(Sys.time(), clock, units = "secs"))
  processor <- sum((proc.time() - used)[1:2])
  cat(sprintf("%.9f", c(elapsed, processor)), memory("VmHWM") - base, sprintf("%.12g", numbers), "\n")
  flush(stdout())
}
