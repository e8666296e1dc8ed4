"""The frozen result of the patient on the table: which rules, loosened in which order, and who matched."""

from dataclasses import dataclass

from kras_core.analyse.response_results import Courses, ResponseAnalysis
from kras_core.analyse.results import CohortRef, SafetyAnalysis, SurvivalAnalysis
from kras_core.selection import Selection


@dataclass(frozen=True, slots=True)
class Rule:
    """What a column must hold: in words ("exactly G12C", "61 to 71 years", "any"). step: how often it was loosened."""

    column: str
    label: str
    words: str
    step: int
    any: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The rules at one step and how many patients meet all of them. loosened: which one changed, "" at the first."""

    loosened: str
    rules: tuple[Rule, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Matching:
    """Patients like the one on the table. steps: from all rules as entered to those in force, the last.

    enough: whether at least `wanted` matched. searched: how many real patients were looked at. survival, response,
    safety: what happened to those who matched; None with the reason in survival_reason, response_reason,
    safety_reason.
    """

    cohort: CohortRef
    selection: Selection
    wanted: int
    searched: int
    steps: tuple[Step, ...]
    courses: Courses
    survival: SurvivalAnalysis | None
    survival_reason: str
    response: ResponseAnalysis | None
    response_reason: str
    safety: SafetyAnalysis | None
    safety_reason: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the groups: none are compared."""
        return ()

    @property
    def n(self) -> int:
        return self.steps[-1].n

    @property
    def enough(self) -> bool:
        return self.n >= self.wanted
