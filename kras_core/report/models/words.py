"""The Models view in a title and two lines, and how its figures were computed."""

import math

from kras_core.analyse.model_results import Covariate, ModelAnalysis, ModelTerm
from kras_core.report import format as fmt
from kras_core.report.format import Printed, mid_sentence
from kras_core.report.models.suppressed import suppressed_model
from kras_core.report.small_cells import HIDDEN
from kras_core.report.survival.answer import SAID_ELSEWHERE, Answer, Line, Word
from kras_core.report.survival.methods import ORIGINS
from kras_core.stats.results import Optimism, PenaltyPath

FEW_EVENTS = 50
DETAIL = (
    "Fewer than 50 events: a detail, not a headline. What is chosen or shrunk here would come out otherwise in others."
)
NOT_REJECTED = (
    "A small p says that a hazard ratio changes with time; a large one, not rejected, says little at this size: "
    "{events} events show only strong changes."
)


def model_answer(analysis: ModelAnalysis) -> Answer:
    """The first covariate's hazard ratio beside the others, then what the model rests on."""
    analysis = suppressed_model(analysis)
    count = len(analysis.covariates)
    title = f"{analysis.endpoint.label}, {fmt.plural(count, 'covariate')} together"
    where = fmt.restriction(analysis)
    first = [part for c in analysis.covariates[:1] for part in _first(analysis, c)]
    second: list[tuple[Word, ...]] = [
        (f"{fmt.plural(analysis.events, 'event')} in {fmt.plural(analysis.n, 'patient')}",)
    ]
    if analysis.columns:
        each = analysis.events / analysis.columns
        second.append((f"{fmt.plural(analysis.columns, 'term')}, {fmt.decimal(each)} events each",))
    if analysis.test is not None:
        second.append(("whole model", Printed(fmt.p_equation(analysis.test.p))))
    c = analysis.concordance
    if c is not None and not c.reason and analysis.events >= FEW_EVENTS:
        interval = fmt.interval(c.low, c.high, lambda x: fmt.decimal(x, 2))
        second.append(("concordance", Printed(fmt.decimal(c.estimate, 2), interval), "in its own patients"))
    notes = tuple(w.message for w in analysis.warnings if w.code not in SAID_ELSEWHERE)
    return Answer(title, where, Line(tuple(first)), Line(tuple(second)), notes)


def _first(analysis: ModelAnalysis, covariate: Covariate) -> list[tuple[Word, ...]]:
    term = covariate.terms[0]
    name = term_words(covariate, term)
    if analysis.drawn:
        printed = Printed(fmt.spread(*pair(term.ratio_range), fmt.ratio, fmt.NOT_ESTIMABLE), "(range over redraws)")
        return [(f"{name}: HR beside the others", printed)]
    if term.ratio is not None and term.ratio.reason == HIDDEN:
        return [(f"{name}: HR beside the others", Printed(HIDDEN, missing=True))]
    if term.ratio is None or math.isnan(term.ratio.estimate):
        found: list[tuple[Word, ...]] = [("No ordinary estimate",)]
        if term.firth is not None and not math.isnan(term.firth.estimate):
            found.append((f"{name}: HR by Firth's penalty", fmt.hazard_ratio(term.firth)))
        return found
    return [(f"{name}: HR beside the others", fmt.hazard_ratio(term.ratio)), (fmt.p_equation(term.ratio.p),)]


def term_words(covariate: Covariate, term: ModelTerm) -> str:
    """ "Sex, male v female", "Age per year"."""
    if not covariate.reference:
        return f"{covariate.label} {term.label}"
    short = [level_words(covariate, label) for label in (term.label, covariate.reference)]
    return f"{covariate.label}, {mid_sentence(short[0])} v {mid_sentence(short[1])}"


def level_words(covariate: Covariate, label: str) -> str:
    """ "≥2" under a heading "ECOG"."""
    return label.removeprefix(f"{covariate.label} ") or label


def pair(ends: tuple[float, ...]) -> tuple[float, float]:
    """A range, or two unknown ends."""
    return (ends[0], ends[1]) if len(ends) == 2 else (math.nan, math.nan)


def proportional_words(analysis: ModelAnalysis) -> str:
    """What the whole model's test of proportional hazards says, and what it does not."""
    test = analysis.proportional
    if test is None or math.isnan(test.p):
        return f"No test of proportional hazards: {test.reason if test else analysis.reason or analysis.drawn}."
    said = f"All covariates together: χ² {fmt.decimal(test.statistic, 2)}, df {test.df}, {fmt.p_equation(test.p)}."
    return f"{said} {NOT_REJECTED.format(events=fmt.whole(analysis.events))}"


def penalty_words(analysis: ModelAnalysis, path: PenaltyPath) -> list[str]:
    """What was chosen how; nothing in large type below fifty events."""
    if path.reason:
        return [f"No path: {path.reason}."]
    kept = int((abs(path.beta[path.best]) > 0).sum())
    said = [
        f"{path.kind.capitalize()}: penalty chosen by {path.folds}-fold cross-validation (seed {path.seed}), "
        f"{fmt.plural(kept, 'term')} of {path.beta.shape[1]} left. Hazard ratios per standard deviation, shrunk on "
        "purpose: they have no interval and no p value."
    ]
    return [DETAIL, *said] if analysis.events < FEW_EVENTS else said


def optimism_words(analysis: ModelAnalysis, found: Optimism) -> list[str]:
    """The corrected concordance in a sentence."""
    if found.reason:
        return [f"No concordance: {found.reason}."]
    said = [
        f"Concordance {fmt.decimal(found.apparent, 3)} in its own patients, {fmt.decimal(found.corrected, 3)} with the "
        f"optimism of {fmt.decimal(found.optimism, 3)} (± {found.std_error:.4f}, Monte Carlo) taken off: "
        f"{fmt.plural(found.samples, 'bootstrap resample')}, seed {found.seed}."
    ]
    if found.failed:
        said.append(
            f"{fmt.plural(found.failed, 'resample')} without a finite fit do not count: the correction takes off too "
            "little."
        )
    return [*said, DETAIL] if analysis.events < FEW_EVENTS else said


def model_methods(analysis: ModelAnalysis) -> list[str]:
    """The Models view in plain sentences."""
    c = analysis.selection.conventions
    engine = (
        "lifelines (precision 1e−12)" if c.ties == "efron" else "KRAScope's own fit (lifelines has no Breslow ties)"
    )
    return [
        f"{analysis.endpoint.label}: an event is {analysis.endpoint.event}.",
        ORIGINS[analysis.selection.analysis],
        "Complete cases: patients with a value of every covariate. Levels as indicators against the reference, numbers "
        f"straight, per {'standard deviation' if analysis.per == 'sd' else 'unit'}.",
        f"Cox model by {engine}, {c.ties.capitalize()} ties, Wald intervals; a covariate's p: likelihood ratio against "
        "the model without it.",
        "Firth's penalised likelihood by firthmodels (Heinze and Schemper 2001), Breslow ties, profile intervals, "
        "penalised likelihood ratio p; one term per five events at most.",
        "Separation is found by linear programming: some combination of covariates ranks first among those at risk at "
        "every event.",
        "Proportional hazards: score test as R's cox.zph (survival 3), g = 1 − S(t−); scaled Schoenfeld residuals "
        "(Grambsch and Therneau 1994).",
        "Elastic net (half lasso, half ridge) and ridge by scikit-survival, covariates standardised, penalty by "
        "10-fold cross-validated partial likelihood deviance.",
        "Optimism of Harrell's C by the bootstrap (Harrell, Lee and Mark 1996). Covariates were chosen by the reader: "
        "that choice is not in it.",
        f"Conventions: {c.label}. Source: {c.source}.",
    ]
