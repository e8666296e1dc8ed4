"""What a script has to say, whatever its language: data, columns, filters, strata, conventions, which formulas."""

import json
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from kras_core import __version__
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier, split, stratifiers
from kras_core.conventions import Conventions
from kras_core.report import format as fmt
from kras_core.report.script.sources import SOURCES, Source
from kras_core.report.small_cells import words
from kras_core.selection import By, Filter, SelectionError

Model = Literal["cox", "firth", "logrank", "mantel-haenszel", ""]
ON_OR_OFF = {"yes": "1", "true": "1", "no": "0", "false": "0"}


@dataclass(frozen=True, slots=True)
class Split:
    """A column turned into strata: each known value's label, or labels at one or two cut-offs (high is above)."""

    column: str
    labels: tuple[str, ...]
    of_value: tuple[tuple[str | float, str], ...] = ()
    cutoffs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """A filter: on a column as it is, or on the labels of a split."""

    column: str
    operator: str
    values: tuple[str | float, ...]
    of: Split | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A view, ready to be written out.

    time: column of times, in days or months. texts: columns that hold text, whatever it looks like. strata: labels
    with a patient; compared: those of them that the hazard ratios compare. model: which estimator gave the hazard
    ratios ("" for none). df: of the log-rank test, 0 without one.
    """

    head: tuple[str, ...]
    source: Source
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    time: str
    event: str
    in_days: bool
    days_per_month: float
    whole_days: bool
    analysis: str
    landmark: float | None
    keeps: tuple[Keep, ...]
    splits: tuple[Split, ...]
    mark: str
    strata: tuple[str, ...]
    compared: tuple[str, ...]
    reference: str
    model: Model
    df: int
    milestones: tuple[float, ...]
    ticks: tuple[float, ...]
    tau: float
    conventions: Conventions
    left_open: str

    @property
    def delayed(self) -> bool:
        return self.analysis == "delayed-entry"

    @property
    def entry(self) -> str:
        return "entry_months"


def planned(cohort: Cohort, analysis: SurvivalAnalysis) -> Plan:
    """Read a view into a plan. Raises SelectionError where there is nothing to redo."""
    redraws = analysis.redraws
    if redraws is not None and redraws.overall is not None:
        raise SelectionError(f"no script for this view, since it has no estimates: {redraws.sentence}")
    if analysis.selection.conventions.reverse_ties != "flipped":
        raise SelectionError("scripts take reverse Kaplan–Meier as survfit does; choose a software preset")
    selection = analysis.selection
    source = SOURCES[cohort.id] if cohort.origin == "bundled" else Source()
    offered = stratifiers(cohort)
    splits = () if redraws else tuple(_split(cohort, offered[by.id], by) for by in selection.by)
    keeps = tuple(_keep(cohort, one) for one in selection.where)
    in_days = cohort.origin == "bundled" and f"{selection.endpoint}_days" in cohort.patients
    time = f"{selection.endpoint}_{'days' if in_days else 'months'}"
    used = [time, f"{selection.endpoint}_event", *(s.column for s in splits), *(k.column for k in keeps)]
    used += ["entry_months"] if selection.analysis == "delayed-entry" else []
    texts = tuple(c for c in dict.fromkeys(used) if _is_text(cohort, c))
    ratios = analysis.hazard_ratios
    linked = {r.label for r in ratios if r.estimate == r.estimate}
    reference = ratios[0].reference if ratios else ""
    test = analysis.logrank
    return Plan(
        head=tuple(words(fmt.plain(line)) for line in _head(analysis)),
        source=source,
        numbers=tuple(c for c in dict.fromkeys(used) if c not in texts),
        texts=texts,
        time=time,
        event=f"{selection.endpoint}_event",
        in_days=in_days,
        days_per_month=cohort.days_per_month,
        whole_days=selection.endpoint in cohort.time_in_days,
        analysis=selection.analysis,
        landmark=selection.landmark,
        keeps=keeps,
        splits=splits,
        mark=" †" if any(by.on_outcome for by in selection.by) else "",
        strata=tuple(s.label for s in analysis.strata),
        compared=tuple(s.label for s in analysis.strata if s.label in linked or s.label == reference),
        reference=reference,
        model=_model(analysis) if linked else "",
        df=test.df if test is not None else 0,
        milestones=tuple(r.time for r in analysis.overall.rates),
        ticks=tuple(analysis.risk_table.ticks.tolist()),
        tau=analysis.overall.rmst.tau,
        conventions=selection.conventions,
        left_open=words(redraws.sentence) if redraws else "",
    )


def quoted(value: str | float) -> str:
    """A literal; whole numbers without their decimal."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(int(value)) if value == int(value) else repr(value)


def _head(analysis: SurvivalAnalysis) -> list[str]:
    selection, cohort = analysis.selection, analysis.cohort
    by = f" by {fmt.mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    only = fmt.restriction(analysis)
    found = [f"{analysis.endpoint.label}{by}{f', {only}' if only else ''}: {cohort.title}"]
    if cohort.provenance != "real":
        found.append(fmt.provenance(cohort).upper())
    found.append(f"Conventions: {selection.conventions.label}. {selection.conventions.source}.")
    found += [f"Cut-off of {id}: {value:g}, {origin}." for id, value, origin in analysis.cutoffs]
    if cohort.conditional_on:
        found.append(f"All of it is conditional on {cohort.conditional_on}.")
    found.append(f"Written by KRAScope {__version__} for data with SHA-256 {cohort.digest}.")
    return found


def _model(analysis: SurvivalAnalysis) -> Model:
    ratio = next(r for r in analysis.hazard_ratios if r.estimate == r.estimate)
    if "Firth" in ratio.method:
        return "firth"
    return "cox" if ratio.method.startswith("Cox") else analysis.selection.conventions.hazard_ratio


def _is_text(cohort: Cohort, column: str) -> bool:
    return cohort.patients[column].dtype.kind not in "iufb" if not _is_category(cohort, column) else True


def _is_category(cohort: Cohort, column: str) -> bool:
    return isinstance(cohort.patients[column].dtype, pd.CategoricalDtype)


def _split(cohort: Cohort, stratifier: Stratifier, by: By) -> Split:
    strata = split(cohort, stratifier, by.cutoff, by.upper)
    column = stratifier.column
    if stratifier.kind == "cut":
        assert strata.cutoff is not None  # a "cut" always has one
        cutoffs = (strata.cutoff,) if strata.upper is None else (strata.cutoff, strata.upper)
        return Split(column, strata.labels, cutoffs=cutoffs)
    values = cohort.patients[column].tolist()
    seen = {v: strata.labels[c] for v, c in zip(values, strata.codes.tolist(), strict=True) if c >= 0}
    known = [str(c) for c in cohort.patients[column].cat.categories] if _is_category(cohort, column) else [0.0, 1.0]
    return Split(column, strata.labels, of_value=tuple((v, seen[v]) for v in known if v in seen))


def _keep(cohort: Cohort, one: Filter) -> Keep:
    column = one.column
    if column not in cohort.patients:
        of = _split(cohort, stratifiers(cohort)[column], By(column))
        return Keep(of.column, one.operator, one.values, of)
    if cohort.patients[column].dtype.kind == "M":
        raise SelectionError(f"a script cannot filter on the date {column!r}: leave the filter out")
    if _is_text(cohort, column):
        return Keep(column, one.operator, one.values)
    return Keep(column, one.operator, tuple(float(ON_OR_OFF.get(v.lower(), v)) for v in one.values))
