"""Selection: the whole state of a view, frozen, hashable and serialisable. Ids and numbers only."""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from kras_core.conventions import PRESETS, Conventions

AnalysisKind = Literal["naive", "landmark", "delayed-entry"]
TimeUnit = Literal["months", "weeks", "days"]
OPERATORS = ("!=", "<=", ">=", "=", "<", ">")
SIGNS = {">=": "≥", "<=": "≤", "!=": "≠"}


class SelectionError(ValueError):
    """A selection that this cohort cannot answer; the message says what would."""


@dataclass(frozen=True, slots=True)
class By:
    """A stratifier by id, with its cut-off where it has one (None: the cohort's own, else the median).

    upper: a second, higher cut-off (tertiles). on_outcome: the cut-off was searched for on the outcome, which
    is said wherever it goes.
    """

    id: str
    cutoff: float | None = None
    upper: float | None = None
    on_outcome: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """column operator value(s), e.g. sex = M. Several values with "=" mean any of them, with "!=" none of them."""

    column: str
    operator: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Read `sex=M`, `age>=65`, `kras_variant=G12C|G12D`."""
        match = re.match(r"^\s*([^!<>=]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*$", text)
        if not match or not match[3]:
            raise SelectionError(
                f"--where {text!r}: write column, one of {' '.join(OPERATORS)}, and a value, such as 'sex=M'"
            )
        return cls(match[1], match[2], tuple(v.strip() for v in match[3].split("|")))

    def __str__(self) -> str:
        return f"{self.column} {self.operator} {' or '.join(self.values)}"

    def words(self, label: str) -> str:
        """For people, with the column's name in words."""
        values = (re.sub(r"^[<>!]=", lambda sign: SIGNS[sign[0]], value) for value in self.values)
        return f"{label} {SIGNS.get(self.operator, self.operator)} {' or '.join(values)}"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is shown. Equal selections on equal digests give equal figures.

    by: none, one, or two (crossed) stratifiers. landmark: in months. milestones: in months (empty:
    chosen from the follow-up). axis_max: in months, None for all. unit: display only.
    """

    cohort: str
    endpoint: str
    by: tuple[By, ...] = ()
    where: tuple[Filter, ...] = ()
    analysis: AnalysisKind = "naive"
    landmark: float | None = None
    conventions: Conventions = field(default_factory=lambda: PRESETS["r"])
    unit: TimeUnit = "months"
    milestones: tuple[float, ...] = ()
    axis_max: float | None = None

    def but(self, **changes: Any) -> "Selection":
        return replace(self, **changes)

    @property
    def comparison(self) -> tuple[object, ...]:
        """What makes this view a comparison of its own: another preset, unit or axis is the same look at the data."""
        return (self.cohort, self.endpoint, self.by, self.where, self.analysis, self.landmark)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Selection":
        raw = json.loads(text)
        return cls(
            **{
                **raw,
                "by": tuple(By(**b) for b in raw["by"]),
                "where": tuple(Filter(f["column"], f["operator"], tuple(f["values"])) for f in raw["where"]),
                "conventions": Conventions(**raw["conventions"]),
                "milestones": tuple(raw["milestones"]),
            }
        )
