"""Account: everything that a report says of a view, in one frozen result."""

from dataclasses import dataclass

from kras_core.analyse.model_results import ModelAnalysis
from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import CohortRef, Looked, SafetyAnalysis, SurvivalAnalysis, Warning
from kras_core.selection import Selection


@dataclass(frozen=True, slots=True)
class Account:
    """The views of one Selection together. survival: one an endpoint, the selection's own first.

    response, safety, model: None where the cohort cannot answer or nobody asked, with the reason beside them. looked:
    the comparisons that the report shows, or those of the session that it was written in (`of_session`).
    """

    cohort: CohortRef
    selection: Selection
    overview: OverviewAnalysis
    survival: tuple[SurvivalAnalysis, ...]
    response: ResponseAnalysis | None
    response_reason: str
    safety: SafetyAnalysis | None
    safety_reason: str
    model: ModelAnalysis | None
    model_reason: str
    looked: tuple[Looked, ...]
    of_session: bool
    licence: str

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(view.endpoint.id for view in self.survival)

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """Every guard that spoke in one of the views, once."""
        views = (self.overview, *self.survival, self.response, self.safety, self.model)
        return tuple(dict.fromkeys(w for view in views if view is not None for w in view.warnings))
