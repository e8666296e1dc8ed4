"""The views of one Selection together, for a report: (cohort, selection) -> Account."""

from collections.abc import Iterable, Sequence

from kras_core.analyse.account_results import Account
from kras_core.analyse.ledger import ledger, model_looks, response_looks, safety_looks, survival_looks
from kras_core.analyse.model_results import ModelAnalysis
from kras_core.analyse.models import analyse_model
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.response import analyse_response
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import Look, SafetyAnalysis
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.scope import reference_to
from kras_core.analyse.survival import analyse
from kras_core.cohort.model import Cohort
from kras_core.selection import Selection, SelectionError

NO_MODEL = "no model was asked for"
NO_EVENTS = "this cohort records no adverse events"


def analyse_account(
    cohort: Cohort,
    selection: Selection,
    endpoints: Sequence[str] = (),
    looks: Iterable[Look] | None = None,
    covariates: Sequence[str] = (),
) -> Account:
    """Everything a report says. endpoints: further ones, beside the selection's own. looks: those of a session; None:
    those that the report itself takes. covariates: of a model, by stratifier id; none: no model.

    Raises SelectionError where the cohort cannot answer the selection; where it lacks responses or adverse events
    alone, the reason stands in their place.
    """
    ids = tuple(dict.fromkeys((selection.endpoint, *endpoints)))
    survival = tuple(analyse(cohort, selection.but(endpoint=id)) for id in ids)
    response, no_response = _response(cohort, selection)
    safety, no_safety = _safety(cohort, selection)
    model, no_model = _model(cohort, selection, tuple(covariates))
    own = [look for view in survival for look in survival_looks(cohort, view)]
    own += response_looks(response) if response else ()
    own += safety_looks(safety) if safety else ()
    own += model_looks(model) if model else ()
    seen = list(looks) if looks is not None else []
    return Account(
        cohort=reference_to(cohort),
        selection=selection,
        overview=analyse_overview(cohort, selection),
        survival=survival,
        response=response,
        response_reason=no_response,
        safety=safety,
        safety_reason=no_safety,
        model=model,
        model_reason=no_model,
        looked=ledger([*seen, *own]),
        of_session=looks is not None,
        licence=cohort.licence,
    )


def _response(cohort: Cohort, selection: Selection) -> tuple[ResponseAnalysis | None, str]:
    try:
        return analyse_response(cohort, selection), ""
    except SelectionError as refusal:
        return None, str(refusal)


def _safety(cohort: Cohort, selection: Selection) -> tuple[SafetyAnalysis | None, str]:
    if cohort.adverse_events is None:
        return None, NO_EVENTS
    try:
        return analyse_safety(cohort, selection), ""
    except SelectionError as refusal:
        return None, str(refusal)


def _model(cohort: Cohort, selection: Selection, covariates: tuple[str, ...]) -> tuple[ModelAnalysis | None, str]:
    if not covariates:
        return None, NO_MODEL
    try:
        return analyse_model(cohort, selection, covariates), ""
    except SelectionError as refusal:
        return None, str(refusal)
