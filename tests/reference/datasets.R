# Writes the data sets of the statistics kernel's tests to data/*.csv and their list to data/sets.csv.
#
#     Rscript datasets.R
#
# Columns: time, event (1 = event, 0 = censored), group (0, 1, ...), entry (empty: observed from 0), stratum.
# Simulated sets say so in their name (sim_...); made_... sets are written by hand to hit one edge; the
# others are public: R's survival package, and Collett's textbook.

suppressMessages(library(survival))
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

folder <- file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "data")
dir.create(folder, showWarnings = FALSE)
sets <- NULL

# k is the number of group levels, which may exceed the number of groups that have patients.
save_set <- function(name, purpose, time, event, group = 0, entry = NA, stratum = 0, k = max(group) + 1) {
  rows <- data.frame(time, event = as.integer(event), group = as.integer(group), entry, stratum = as.integer(stratum))
  stopifnot(!anyNA(rows[c("time", "event", "group", "stratum")]), rows$event %in% 0:1, rows$group < k)
  stopifnot(all(is.na(rows$entry)) || all(rows$entry < rows$time))
  written <- rows
  for (column in c("time", "entry")) {
    written[[column]] <- ifelse(is.na(rows[[column]]), "", format(rows[[column]], digits = 17, trim = TRUE))
    exact <- as.character(rows[[column]]) # 15 digits, used where they give the number back
    same <- !is.na(rows[[column]]) & as.numeric(exact) == rows[[column]]
    written[[column]][same] <- exact[same]
  }
  write.csv(written, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
  sets <<- rbind(sets, data.frame(name, k, n = nrow(rows), events = sum(rows$event), purpose))
}

# Exponential times with the given rate, censored uniformly between `from` and `to`.
simulate <- function(rate, from, to) {
  death <- rexp(length(rate), rate)
  censoring <- runif(length(rate), from, to)
  list(time = pmin(death, censoring), event = as.integer(death <= censoring))
}

# Tiny ----------------------------------------------------------------------------------------------------------
save_set("made_two_patients", "n = 2, one in each group, both with an event",
  time = c(3, 5), event = c(1, 1), group = c(1, 0))
save_set("made_two_patients_one_censored", "n = 2, the later one censored",
  time = c(3, 5), event = c(1, 0), group = c(0, 1))

# Ties ----------------------------------------------------------------------------------------------------------
set.seed(1)
group <- rep(0:1, c(35, 25))
s <- simulate(c(0.25, 0.45)[group + 1], 2, 9)
save_set("sim_heavy_ties", "60 patients on 6 distinct times, events and censorings at the same time",
  time = pmin(ceiling(s$time), 6), event = s$event, group = group)

set.seed(2)
group <- rep(0:1, each = 1000)
stratum <- sample(0:3, 2000, replace = TRUE)
s <- simulate(c(1 / 420, 1 / 300)[group + 1] * c(1, 1.4, 0.7, 2)[stratum + 1], 90, 730)
save_set("sim_registry_days", "2,000 patients in whole days, heavy ties, four strata",
  time = ceiling(s$time), event = s$event, group = group, stratum = stratum)

save_set("made_time_zero", "an event and a censoring at time 0",
  time = c(0, 0, 1, 2, 2, 4, 5, 7), event = c(1, 0, 1, 1, 0, 1, 0, 1), group = c(0, 1, 1, 0, 1, 0, 1, 1))

# Empty and degenerate ------------------------------------------------------------------------------------------
set.seed(3)
group <- rep(c(0, 2), each = 20)
s <- simulate(c(0.1, 0, 0.2)[group + 1], 3, 20)
save_set("sim_empty_group", "three levels, the middle one without patients",
  time = round(s$time, 1), event = s$event, group = group, k = 3)

save_set("made_group_without_events", "group 1 has patients and no event: the likelihood is monotone",
  time = c(2, 3, 3, 5, 8, 8, 11, 4, 6, 9, 12, 12), event = c(1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0),
  group = rep(0:1, c(7, 5)))
save_set("made_no_events", "nobody has an event",
  time = c(2, 4, 4, 6, 7, 9), event = 0, group = c(0, 1, 0, 1, 0, 1))

set.seed(4)
group <- rep(0:1, each = 15)
save_set("sim_all_events", "everybody has an event, no ties: S ends at 0",
  time = round(rexp(30, c(0.1, 0.25)[group + 1]), 4), event = 1, group = group)

# The median -----------------------------------------------------------------------------------------------------
save_set("made_half_then_drop", "S is exactly 0.5 from 4 to 7 in both groups, then drops",
  time = c(1, 2, 3, 4, 5, 7, 8, 9, 2, 4, 7, 10), event = c(1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1),
  group = rep(0:1, c(8, 4)))
save_set("made_half_to_the_end", "S is exactly 0.5 from 4 on and never drops again",
  time = c(1, 2, 3, 4, 5, 7, 8, 9, 2, 4, 7, 10), event = c(1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0),
  group = rep(0:1, c(8, 4)))
save_set("made_half_by_rounding", "S is 0.5 on a plateau in fractions and 0.5000000000000001 in floating point",
  time = c(1, 2, 3, 4, 5, 6, 1, 1, 2, 2, 3, 3, 8, 8, 9, 9, 1, 1, 2, 4, 4, 4, 4, 7, 8, 9),
  event = c(1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0),
  group = rep(0:2, c(6, 10, 10)))
save_set("collett_iud", "Collett, Modelling Survival Data in Medical Research: weeks to discontinuation of an IUD",
  time = c(10, 13, 18, 19, 23, 30, 36, 38, 54, 56, 59, 75, 93, 97, 104, 107, 107, 107),
  event = c(1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0), group = 0)

# Delayed entry --------------------------------------------------------------------------------------------------
set.seed(5)
group <- rep(0:1, 60)
s <- simulate(c(0.06, 0.11)[group + 1], 10, 40)
entry <- runif(120, 0, 8) * rbinom(120, 1, 0.7)
seen <- entry < s$time
save_set("sim_delayed_entry", "delayed entry, no ties",
  time = s$time[seen], event = s$event[seen], group = group[seen], entry = entry[seen])

set.seed(6)
group <- rep(0:2, 40)
stratum <- rep(0:1, each = 60)
s <- simulate(c(0.05, 0.08, 0.12)[group + 1], 6, 30)
time <- ceiling(s$time)
entry <- sample(0:10, 120, replace = TRUE)
seen <- entry < time
save_set("sim_delayed_entry_ties", "delayed entry in whole months: entries tie with exits; three groups, two strata",
  time = time[seen], event = s$event[seen], group = group[seen], entry = entry[seen], stratum = stratum[seen])

save_set("made_delayed_entry_empties", "the risk set of group 0 empties at 3 while others enter later: S stays 0",
  time = c(2, 3, 9, 11, 12, 3, 6, 8, 10, 12), event = c(1, 1, 1, 0, 1, 0, 1, 1, 1, 0),
  group = rep(0:1, each = 5), entry = c(0, 1, 4, 5, 6, 0, 0, 2, 3, 5))

stanford <- survival::heart
save_set("stanford_heart", "R survival's heart: waiting and transplanted periods as rows with delayed entry",
  time = stanford$stop, event = stanford$event, group = as.integer(stanford$transplant) - 1,
  entry = stanford$start, stratum = stanford$surgery)

# Several groups -------------------------------------------------------------------------------------------------
set.seed(7)
group <- rep(0:2, c(40, 30, 20))
s <- simulate(c(0.08, 0.12, 0.2)[group + 1], 4, 24)
save_set("sim_three_groups", "three groups with a trend",
  time = round(s$time, 1), event = s$event, group = group)

set.seed(8)
group <- rep(0:4, c(12, 30, 9, 25, 18))
s <- simulate(c(0.1, 0.05, 0.3, 0.12, 0.08)[group + 1], 3, 30)
save_set("sim_five_groups", "five groups of unequal size",
  time = round(s$time, 1), event = s$event, group = group)

# Rounding error -------------------------------------------------------------------------------------------------
set.seed(9)
group <- rep(0:1, each = 20)
days <- 56 * c(sample(1:7, 20, replace = TRUE, prob = 1:7), sample(1:7, 20, replace = TRUE, prob = 9:3)) # visits
months <- ifelse(group == 0, days / (365 / 12), days / 365 * 12 * (1 - 4e-15)) # the same months, another arithmetic
save_set("sim_rounding_error", "times of the groups differ by rounding error only: R's timefix makes them ties",
  time = months, event = rep(c(1, 1, 1, 0), 10), group = group)

save_set("made_rounding_relative", "times of 1e8: 0.5 apart is rounding by timefix (relative 1.5e-8), 10 apart is not",
  time = 1e8 + c(0, 0.5, 10, 20, 20.5, 30, 30.5, 31, 40, 50, 50.5, 60), event = c(1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0),
  group = c(0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0))

save_set("made_rounding_absolute", "times of 0.01: 1e-8 apart is rounding by timefix (absolute 1.5e-8), 1e-7 is not",
  time = 0.01 + 1e-8 * c(0, 1, 10, 20, 21, 30, 31, 40, 50, 51, 60, 70), event = c(1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1),
  group = c(0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0))

# Monotone likelihood ----------------------------------------------------------------------------------------------
save_set("made_monotone", "events in both groups, yet group 1 has them all while both are at risk",
  time = c(1, 2, 2, 4, 5, 3, 6, 7, 8, 8, 10, 12), event = c(1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0),
  group = rep(c(1, 0), c(5, 7)))

# Strata -------------------------------------------------------------------------------------------------------------
set.seed(10)
group <- rep(0:2, 60)
stratum <- sample(0:2, 180, replace = TRUE)
s <- simulate(c(0.1, 0.14, 0.07)[group + 1] * c(1, 2, 0.5)[stratum + 1], 2, 25)
save_set("sim_stratified", "three groups in three strata of different hazard",
  time = round(s$time, 1), event = s$event, group = group, stratum = stratum)

# A cohort of the paper's size, and public ones ------------------------------------------------------------------------
set.seed(11)
group <- rep(0:1, c(6, 21))
s <- simulate(c(0.25, 0.075)[group + 1], 18, 58)
save_set("sim_cohort_of_27", "27 patients, 6 and 21, in months from whole days",
  time = ceiling(s$time * 365 / 12) / (365 / 12), event = s$event, group = group)

lung <- survival::lung[!is.na(survival::lung$ph.ecog), ]
save_set("lung", "R survival's lung (NCCTG), by sex, strata ECOG",
  time = lung$time, event = lung$status - 1, group = lung$sex - 1, stratum = lung$ph.ecog)
veteran <- survival::veteran
save_set("veteran", "R survival's veteran (VA lung cancer), by cell type, strata treatment",
  time = veteran$time, event = veteran$status, group = as.integer(veteran$celltype) - 1, stratum = veteran$trt - 1)

write.csv(sets, file.path(folder, "sets.csv"), row.names = FALSE)
