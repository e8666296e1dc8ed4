"""A plan as an R script."""

from textwrap import wrap

from kras_core.report.script import r_parts as parts
from kras_core.report.script.plan import Keep, Plan, Split, quoted


def r_text(plan: Plan) -> str:
    """The script. It needs R's survival and nothing else."""
    head = [f"# {part}" for line in _head(plan) for part in wrap(line, 110)]
    body = "\n\n".join((*_functions(plan), _main(plan)))
    return "\n".join([*head, "", "library(survival)", "", *_settings(plan), "", _rows(plan), "", body])


def _head(plan: Plan) -> list[str]:
    run = "Rscript script.R" if plan.source.packaged else "Rscript script.R [FILE]"
    if not (plan.source.packaged or plan.source.path):
        run = "Rscript script.R FILE, with the data as KRAScope read them (the download beside this script)"
    lines = [*plan.head, f"Run: {run}. It prints the view's numbers as CSV; times in months."]
    if plan.left_open:
        lines.append(f"All patients alone. {plan.left_open}")
    return lines


def vector(values: tuple[str | float, ...]) -> str:
    return f"c({', '.join(map(quoted, values))})"


def _settings(plan: Plan) -> list[str]:
    c, source = plan.conventions, plan.source
    lines = []
    if not source.packaged:
        lines.append("named <- commandArgs(trailingOnly = TRUE)")
        otherwise = f'"{source.path}"' if source.path else 'stop("Name the data file: Rscript script.R FILE")'
        lines.append(f"file <- if (length(named)) named[1] else {otherwise}")
    if plan.in_days or (plan.analysis == "landmark" and plan.whole_days):
        lines.append(f"days_per_month <- {plan.days_per_month!r}")
    if plan.analysis == "landmark":
        whole = f"round({plan.landmark!r} * days_per_month) / days_per_month  # in whole days"
        lines.append(f"landmark <- {whole if plan.whole_days else repr(plan.landmark)}")
    lines += [f"confidence <- {c.confidence!r}", "z <- qnorm(1 - (1 - confidence) / 2)"]
    lines.append(f"milestones <- {vector(plan.milestones)}  # months")
    lines += [f"ticks <- {vector(plan.ticks)}", f"tau <- {plan.tau!r}  # the smallest of the strata's largest times"]
    if plan.strata:
        lines.append(f"strata <- {vector(plan.strata)}")
        lines += [f"reference <- {quoted(plan.reference)}"] if plan.reference else []
    if plan.model in ("cox", "firth"):
        lines.append(f"in_model <- {'strata' if plan.compared == plan.strata else vector(plan.compared)}")
    return lines


def _rows(plan: Plan) -> str:
    """Read, filter, split, and the times."""
    lines = ["# Patients", *_read(plan)]
    lines += [f"rows <- rows[which({_kept(keep)}), ]" for keep in plan.keeps]
    time, event = (f"rows[[{quoted(c)}]]" for c in (plan.time, plan.event))
    lines.append(f"rows <- rows[!is.na({time}) & !is.na({event}), ]")
    lines.append(f"rows$time <- {time}{' / days_per_month' if plan.in_days else ''}")
    lines.append(f"rows$event <- {event} == 1")
    if plan.splits:
        lines += ["", "# Strata", *_strata(plan)]
    if plan.analysis == "landmark":
        lines += ["", "# From the landmark on: those still followed without the event, the clock starting there"]
        lines += ["rows <- rows[rows$time > landmark, ]", "rows$time <- rows$time - landmark"]
    if plan.delayed:
        lines += ["", "# Delayed entry: at risk from the time of entry on"]
        lines += [f"rows <- rows[which(rows${plan.entry} < rows$time), ]", f"rows$entry <- round(rows${plan.entry}, 8)"]
    lines.append("rows$time <- round(rows$time, 8)  # times that differ by rounding only are one time")
    return "\n".join(lines)


def _read(plan: Plan) -> list[str]:
    source = plan.source
    if source.packaged:
        columns = ", ".join(f"{name} = {source.of_r[name]}" for name in (*plan.texts, *plan.numbers))
        return [source.r, f"rows <- data.frame({columns})"]
    texts = ", ".join(f'{quoted(name)} = "character"' for name in plan.texts)
    classes = f", colClasses = c({texts})" if texts else ""
    return [f'rows <- read.csv(file, check.names = FALSE, na.strings = c("", "NA"), encoding = "UTF-8"{classes})']


def _kept(keep: Keep) -> str:
    column = f"rows[[{quoted(keep.column)}]]" if keep.of is None else _split(keep.of)
    if keep.operator == "=":
        return f"{column} %in% {vector(keep.values)}"
    if keep.operator == "!=":
        return f"!is.na({column}) & !({column} %in% {vector(keep.values)})"
    return f"{column} {keep.operator} {quoted(keep.values[0])}"


def _strata(plan: Plan) -> list[str]:
    first = _split(plan.splits[0])
    if len(plan.splits) == 1 and not plan.mark:
        return [f"rows$stratum <- {first}"]
    if len(plan.splits) == 1:
        marked = f"ifelse(is.na(first), NA, paste0(first, {quoted(plan.mark)}))"
        return [f"first <- {first}", f"rows$stratum <- {marked}  # the cut-off was chosen on the outcome"]
    crossed = 'ifelse(is.na(first) | is.na(second), NA, paste(first, "·", second))'
    return [f"first <- {first}", f"second <- {_split(plan.splits[1])}", f"rows$stratum <- {crossed}"]


def _split(split: Split) -> str:
    """An expression: each row's label, missing where the column is."""
    column = f"rows[[{quoted(split.column)}]]"
    if split.cutoffs:
        edges = ", ".join(map(quoted, split.cutoffs))
        return f"as.character(cut({column}, c(-Inf, {edges}, Inf), labels = {vector(split.labels)}))"
    values, labels = (tuple(pair[i] for pair in split.of_value) for i in (0, 1))
    return f"{vector(labels)}[match({column}, {vector(values)})]"


def _functions(plan: Plan) -> list[str]:
    c = plan.conventions
    surv = parts.SURV_ENTRY if plan.delayed else parts.SURV
    native = c.median_interval == "brookmeyer-crowley" and c.median_rule == "middle" and c.zero_interval == "missing"
    start = "c(1, NA, NA)" if c.interval == "log-log" else "c(1, 1, 1)"
    own_times = parts.OWN_TIMES if plan.delayed else ""
    found = [
        parts.CURVE.format(surv=surv, kind=c.interval, own_times=own_times, at_zero=parts.AT_ZERO[c.zero_interval])
    ]
    found += [parts.MEDIAN["native"]] if native else [parts.HALF[c.median_rule], parts.MEDIAN[c.median_interval]]
    found += [parts.SURVIVAL_AT.format(start=start), parts.RMST]
    if plan.model == "firth" or _logrank_written(plan):
        at_risk = "g$entry < t & g$time >= t" if plan.delayed else "g$time >= t"
        found.append(parts.COUNTS.format(at_risk=at_risk))
    found += [parts.LOGRANK] if _logrank_written(plan) else []
    return [part.strip("\n") for part in found]


def _logrank_written(plan: Plan) -> bool:
    """survdiff knows no entry times, and takes every group as compared."""
    return plan.df > 0 and (plan.delayed or plan.df != len(plan.strata) - 1 or plan.model in parts.PRISM)


def _main(plan: Plan) -> str:
    at_risk = "group$entry < t & group$time >= t" if plan.delayed else "group$time >= t"
    found = [parts.MAIN.format(names="strata, " if plan.strata else "", at_risk=at_risk).lstrip("\n")]
    if plan.df or plan.model:
        found.append("\ncompared <- rows[rows$stratum %in% strata, ]")
    if plan.df:
        found.append((parts.CHI2_WRITTEN if _logrank_written(plan) else parts.CHI2_NATIVE).format(df=plan.df))
    found += [_model(plan)] if plan.model else []
    found += [parts.MEANS] if len(plan.strata) == 2 else []
    return "".join([*found, parts.END])


def _model(plan: Plan) -> str:
    c = plan.conventions
    if plan.model in parts.PRISM:
        return parts.PRISM[plan.model]
    if plan.model == "firth":
        return parts.FIRTH.format(choices=parts.CHOICES[c.ties])
    return parts.COX.format(ties=c.ties, surv=parts.SURV_ENTRY if plan.delayed else parts.SURV)
