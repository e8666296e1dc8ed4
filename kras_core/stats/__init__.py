"""The statistics kernel: event tables in, frozen results out. Arrays only; it knows no cohort.

Kaplan–Meier, the log-rank family, Cox models of categorical covariates, restricted means and
reverse Kaplan–Meier depend on the data only through counts per group and distinct time. So times are
coded once (`event_table.code_times`), a grouping costs one `bincount` (`event_table.tabulate`), and
every estimator reads the resulting `EventTable`, whose leading axes may hold many groupings at once.
"""
