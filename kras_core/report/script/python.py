"""A plan as a Python script."""

from collections.abc import Iterable
from textwrap import wrap

from kras_core.report.script import python_parts as parts
from kras_core.report.script.plan import Keep, Plan, Split, quoted


def python_text(plan: Plan) -> str:
    """The script. It needs pandas, NumPy, SciPy and lifelines, and nothing of KRAScope."""
    body = "\n\n\n".join((*_functions(plan), _main(plan)))
    return "\n".join(
        [
            *(f"# {part}" for line in _head(plan) for part in wrap(line, 110)),
            "",
            *_imports(plan, body),
            "",
            *_settings(plan),
        ]
    ) + (f"\n{_rows(plan)}\n\n\n{body}")


def _head(plan: Plan) -> list[str]:
    run = "python script.py" if plan.source.packaged else "python script.py [FILE]"
    if not (plan.source.packaged or plan.source.path):
        run = "python script.py FILE, with the data as KRAScope read them (the download beside this script)"
    lines = [*plan.head, f"Run: {run}. It prints the view's numbers as CSV; times in months."]
    if plan.left_open:
        lines.append(f"All patients alone. {plan.left_open}")
    return lines


def _imports(plan: Plan, body: str) -> list[str]:
    used = {
        "lifelines": [n for n in ("CoxPHFitter", "KaplanMeierFitter") if n in body],
        "lifelines.statistics": [n for n in ("multivariate_logrank_test",) if n in body],
        "scipy.optimize": [n for n in ("brentq", "minimize") if f"{n}(" in body],
        "scipy.stats": [n for n in ("chi2", "norm") if f"{n}." in body or n == "norm"],
    }
    found = [f"from {module} import {', '.join(names)}" for module, names in used.items() if names]
    return ["import sys", "", "import numpy as np", "import pandas as pd", *found]


def _settings(plan: Plan) -> list[str]:
    c, source = plan.conventions, plan.source
    lines = []
    if source.path:
        lines.append(f'FILE = sys.argv[1] if len(sys.argv) > 1 else "{source.path}"')
    elif not source.packaged:
        lines += ["if len(sys.argv) < 2:", '    sys.exit("Name the data file: python script.py FILE")']
        lines.append("FILE = sys.argv[1]")
    if plan.in_days or (plan.analysis == "landmark" and plan.whole_days):
        lines.append(f"DAYS_PER_MONTH = {plan.days_per_month!r}")
    if plan.analysis == "landmark":
        whole = f"round({plan.landmark!r} * DAYS_PER_MONTH) / DAYS_PER_MONTH  # in whole days"
        lines.append(f"LANDMARK = {whole if plan.whole_days else repr(plan.landmark)}")
    lines += [f"CONFIDENCE = {c.confidence!r}", "Z = norm.ppf(1 - (1 - CONFIDENCE) / 2)"]
    lines.append(f"MILESTONES = {quoted_list(plan.milestones)}  # months")
    lines += [f"TICKS = {quoted_list(plan.ticks)}", f"TAU = {plan.tau!r}  # the smallest of the strata's largest times"]
    if plan.strata:
        lines.append(f"STRATA = {quoted_list(plan.strata)}")
        lines += [f"REFERENCE = {quoted(plan.reference)}"] if plan.reference else []
    if plan.model in ("cox", "firth"):
        lines.append(f"COMPARED = {'STRATA' if plan.compared == plan.strata else quoted_list(plan.compared)}")
    return lines


def quoted_list(values: Iterable[str | float]) -> str:
    return f"[{', '.join(map(quoted, values))}]"


def _rows(plan: Plan) -> str:
    """Read, filter, split, and the times."""
    lines = ["", "# Patients", *_read(plan)]
    lines += [f"rows = rows[{_kept(keep)}]" for keep in plan.keeps]
    lines.append(f"rows = rows.dropna(subset=[{quoted(plan.time)}, {quoted(plan.event)}]).copy()")
    lines.append(f'rows["time"] = rows[{quoted(plan.time)}]{" / DAYS_PER_MONTH" if plan.in_days else ""}')
    lines.append(f'rows["event"] = rows[{quoted(plan.event)}] == 1')
    if plan.splits:
        lines += ["", "# Strata", *_strata(plan)]
    if plan.analysis == "landmark":
        lines += ["", "# From the landmark on: those still followed without the event, the clock starting there"]
        lines += ['rows = rows[rows["time"] > LANDMARK].copy()', 'rows["time"] -= LANDMARK']
    if plan.delayed:
        lines += ["", "# Delayed entry: at risk from the time of entry on"]
        lines += [f'rows = rows[rows["{plan.entry}"] < rows["time"]].copy()']
        lines += [f'rows["entry"] = rows["{plan.entry}"].round(8)']
    lines.append('rows["time"] = rows["time"].round(8)  # times that differ by rounding only are one time')
    return "\n".join(lines)


def _read(plan: Plan) -> list[str]:
    source = plan.source
    if source.packaged:
        columns = ", ".join(f'"{name}": {source.of_python[name]}' for name in (*plan.texts, *plan.numbers))
        return [*source.python.splitlines(), f"rows = pd.DataFrame({{{columns}}})"]
    texts = ", ".join(f"{quoted(name)}: str" for name in plan.texts)
    return [f"rows = pd.read_csv(FILE{f', dtype={{{texts}}}' if texts else ''})"]


def _kept(keep: Keep) -> str:
    column = f"rows[{quoted(keep.column)}]"
    if keep.of is not None:
        column = _split(keep.of)
    values = quoted_list(keep.values)
    if keep.operator == "=":
        return f"{column}.isin({values})"
    if keep.operator == "!=":
        return f"{column}.notna() & ~{column}.isin({values})"
    return f"{column} {keep.operator} {quoted(keep.values[0])}"


def _strata(plan: Plan) -> list[str]:
    first = _split(plan.splits[0])
    if len(plan.splits) == 1 and not plan.mark:
        return [f'rows["stratum"] = {first}']
    if len(plan.splits) == 1:
        return [f'rows["stratum"] = {first} + {quoted(plan.mark)}  # the cut-off was chosen on the outcome']
    return [f"first = {first}", f"second = {_split(plan.splits[1])}", 'rows["stratum"] = first + " · " + second']


def _split(split: Split) -> str:
    """An expression: each row's label, missing where the column is."""
    column = f"rows[{quoted(split.column)}]"
    if not split.cutoffs:
        pairs = ", ".join(f"{quoted(value)}: {quoted(label)}" for value, label in split.of_value)
        return f"{column}.map({{{pairs}}})"
    edges = ", ".join(map(quoted, split.cutoffs))
    return f"pd.cut({column}, [-np.inf, {edges}, np.inf], labels={quoted_list(split.labels)}).astype(object)"


def _functions(plan: Plan) -> list[str]:
    c = plan.conventions
    scale, interval = parts.INTERVALS[c.interval]
    found = [
        parts.TABLE_ENTRY if plan.delayed else parts.TABLE,
        parts.CURVE.format(scale=scale, interval=interval + parts.AT_ZERO[c.zero_interval]),
        parts.MEDIAN[c.median_rule],
        parts.MEDIAN_INTERVAL[c.median_interval],
        parts.SURVIVAL_AT.format(start="(1.0, np.nan, np.nan)" if c.interval == "log-log" else "(1.0, 1.0, 1.0)"),
        parts.RMST,
    ]
    needs_choices = plan.model == "firth" or (plan.model == "cox" and c.ties == "breslow")
    if needs_choices or _logrank_written(plan):
        at_risk = '(g["entry"] < t) & (g["time"] >= t)' if plan.delayed else 'g["time"] >= t'
        found.append(parts.COUNTS.format(at_risk=at_risk))
    if _logrank_written(plan):
        found.append(parts.LOGRANK)
    if needs_choices:
        ties, code = parts.TIES_AS_CHOICES[c.ties]
        found.append(parts.CHOICES.format(ties=ties, choices=code))
    return [part.strip("\n") for part in found]


def _logrank_written(plan: Plan) -> bool:
    """lifelines' test knows no entry times, takes every group as compared, and gives no O, E and V."""
    return plan.df > 0 and (plan.delayed or plan.df != len(plan.strata) - 1 or plan.model in parts.PRISM)


def _main(plan: Plan) -> str:
    at_risk = '(group["entry"] < t) & (group["time"] >= t)' if plan.delayed else 'group["time"] >= t'
    groups = '[("All patients", rows)]'
    if plan.strata:
        groups = '[*((s, rows[rows["stratum"] == s]) for s in STRATA), ("All patients", rows)]'
    found = [parts.MAIN.format(groups=groups, at_risk=at_risk).lstrip("\n")]
    if plan.df or plan.model:
        found.append('\ncompared = rows[rows["stratum"].isin(STRATA)]')
    if plan.df:
        found.append(parts.CHI2_WRITTEN.format(df=plan.df) if _logrank_written(plan) else parts.CHI2_LIFELINES)
    found += [_model(plan)] if plan.model else []
    found += [parts.MEANS] if len(plan.strata) == 2 else []
    return "".join([*found, parts.END])


def _model(plan: Plan) -> str:
    c = plan.conventions
    if plan.model in parts.PRISM:
        return parts.PRISM[plan.model]
    if plan.model == "firth":
        return parts.FIRTH
    if c.ties == "breslow":
        return parts.BRESLOW
    entry = (', "entry"', ', entry_col="entry"') if plan.delayed else ("", "")
    return parts.EFRON.format(entry_column=entry[0], entry_argument=entry[1], alpha=f"{1 - c.confidence:.10g}")
