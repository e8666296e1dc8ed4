"""What a column can become: the dictionary's variables, and the time and the event of every endpoint.

A target differs from the dictionary where a file may choose: the time of an endpoint comes in days, weeks, months
or years and becomes `<id>_days` or `<id>_months` accordingly.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kras_core.cohort.endpoints import ENDPOINTS, endpoint
from kras_core.cohort.mapping.units import UNITS
from kras_core.cohort.variables import ADVERSE_EVENT_VARIABLES, VARIABLES, Variable

Kind = Literal["id", "number", "category", "flag", "date", "text", "time", "event"]

NEW_THERAPY = Variable("new_therapy_date", "New anticancer therapy", "date", "date")


@dataclass(frozen=True, slots=True)
class Target:
    """id, label for people, kind, the units a file may have (KRAScope's own first), and the dictionary's row if one."""

    id: str
    label: str
    kind: Kind
    units: tuple[str, ...] = ()
    variable: Variable | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint's id, "" for anything but a time or an event."""
        return self.id.rpartition("_")[0] if self.kind in ("time", "event") else ""


def _of_variable(known: Variable) -> Target:
    kind: Kind = "number" if known.kind == "integer" else known.kind
    return Target(known.name, known.label, kind, UNITS.get(known.name, (known.unit,) if known.unit else ()), known)


def _patients() -> dict[str, Target]:
    named = [_of_variable(v) for v in (*VARIABLES.values(), NEW_THERAPY) if v.role != "outcome"]
    times = [Target(f"{e.id}_time", f"{e.label}: time", "time", UNITS["time"]) for e in ENDPOINTS.values()]
    events = [Target(f"{e.id}_event", f"{e.label}: event", "event") for e in ENDPOINTS.values()]
    entry = Target("entry_time", "Delayed entry: time from start", "time", UNITS["time"])
    return {t.id: t for t in (*named, *times, *events, entry)}


_ENDPOINT = re.compile(r"([a-z][a-z0-9_]*)_(time|event)")


def patients_target(id: str) -> Target | None:
    """What a column of patients can become under this id; time and event of any endpoint are among it."""
    if id in PATIENTS:
        return PATIENTS[id]
    match = _ENDPOINT.fullmatch(id)
    if match is None:
        return None
    label = endpoint(match[1]).label
    if match[2] == "event":
        return Target(id, f"{label}: event", "event")
    return Target(id, f"{label}: time", "time", UNITS["time"])


def adverse_events_target(id: str) -> Target | None:
    """What a column of adverse events can become under this id."""
    return ADVERSE_EVENTS.get(id)


PATIENTS: Mapping[str, Target] = _patients()
ADVERSE_EVENTS: Mapping[str, Target] = {v.name: _of_variable(v) for v in ADVERSE_EVENT_VARIABLES.values()}
