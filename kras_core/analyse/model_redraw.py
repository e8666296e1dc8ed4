"""A model that a reconstruction leaves open: its estimates over compatible redraws of the drawn covariates."""

from dataclasses import replace

import numpy as np
from scipy.special import chdtrc

from kras_core.analyse.model_results import Covariate, ModelAnalysis
from kras_core.analyse.model_rows import ModelRows
from kras_core.analyse.redraw import COUNT, drawn_columns, extent, ratio_extent, shuffles
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import column_label, split
from kras_core.conventions import Ties
from kras_core.selection import Selection, SelectionError
from kras_core.stats.numeric_cox import NumericFit, fit_numeric
from kras_core.stats.results import Floats

NO_MORE = "a covariate was drawn at random: only ranges are shown"


def model_ranges(cohort: Cohort, selection: Selection, made: ModelRows, result: ModelAnalysis) -> ModelAnalysis:
    """The 2.5th to 97.5th percentile of every hazard ratio and p over the redraws.

    selection: compared by the covariates. Raises SelectionError where who is looked at is itself a draw.
    """
    drawn = drawn_columns(cohort, selection)
    covariates = {c.stratifier.column for c in made.columns}
    if drawn - covariates - _left_out_columns(cohort, selection, covariates):
        raise SelectionError("a filter meets a drawn column: who is looked at is itself a draw")
    if any(c.missing for c in made.columns if c.stratifier.column in drawn):
        raise SelectionError("some values of a drawn column are missing, and who lacks one is itself a draw")
    x = _redrawn(cohort, selection, made, drawn)
    ties = selection.conventions.ties
    whole = fit_numeric(made.grid, made.event, x, ties)
    names = ", ".join(column_label(cohort, c) for c in sorted(drawn & covariates))
    sentence = f"range over {COUNT} compatible redraws: {names} was drawn at random"
    found = tuple(
        _ranges(covariate, group, x, whole, made, sentence, _whole_test(made, x, group, whole, ties))
        for covariate, group in zip(result.covariates, made.groups, strict=True)
    )
    return replace(result, covariates=found, firth_reason=NO_MORE, drawn=sentence)


def _left_out_columns(cohort: Cohort, selection: Selection, covariates: set[str]) -> set[str]:
    """Drawn columns that no filter uses: covariates which say nothing here."""
    return drawn_columns(cohort, selection.but(where=())) - covariates


def _redrawn(cohort: Cohort, selection: Selection, made: ModelRows, drawn: set[str]) -> Floats:
    """The model's matrix in every redraw, (COUNT, n, p)."""
    parts = []
    for column in made.columns:
        s = column.stratifier
        values = column.values
        if s.column in drawn:
            everybody = cohort.numbers(s.column) if s.kind == "cut" else split(cohort, s).codes
            values = everybody[shuffles(cohort, s.column, selection.endpoint)][:, made.rows]
        parts.append(np.broadcast_to(column.design(values), (COUNT, made.rows.size, len(column.levels) or 1)))
    return np.concatenate(parts, axis=-1)


def _whole_test(
    made: ModelRows, x: Floats, group: list[int], whole: NumericFit, ties: Ties
) -> tuple[float, float] | tuple[()]:
    """Likelihood ratio p of several levels together; a single term has its own p, and refitting costs a second."""
    if len(group) < 2:
        return ()
    rest = [j for j in range(x.shape[-1]) if j not in group]
    smaller = fit_numeric(made.grid, made.event, x[..., rest], ties).loglik if rest else whole.loglik_null
    return ratio_extent(chdtrc(len(group), np.maximum(2 * (whole.loglik - smaller), 0.0)))


def _ranges(
    covariate: Covariate,
    group: list[int],
    x: Floats,
    whole: NumericFit,
    made: ModelRows,
    sentence: str,
    p_range: tuple[float, float] | tuple[()],
) -> Covariate:
    beta = whole.beta[:, group]
    spread = np.sqrt(np.diagonal(whole.covariance, axis1=-2, axis2=-1))[:, group]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = chdtrc(1, (beta / spread) ** 2)
    events = x[:, made.event][..., group].sum(axis=1)
    terms = tuple(
        replace(
            term,
            ratio_range=ratio_extent(np.exp(beta[:, i])),
            p_range=ratio_extent(p[:, i]),
            events_range=extent(events[:, i]) if covariate.reference else (),
        )
        for i, term in enumerate(covariate.terms)
    )
    return replace(covariate, terms=terms, p_range=p_range, drawn=sentence)
