"""Endpoints: any `<id>_months` / `<id>_event` pair is one; this table names the usual ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """id (column prefix), short and full name, and what counts as an event, in words."""

    id: str
    short: str
    label: str
    event: str


ENDPOINTS: dict[str, Endpoint] = {
    e.id: e
    for e in (
        Endpoint("pfs", "PFS", "Progression-free survival", "progression or death"),
        Endpoint("os", "OS", "Overall survival", "death"),
        Endpoint("dfs", "DFS", "Disease-free survival", "recurrence or death"),
        Endpoint("rfs", "RFS", "Recurrence-free survival", "recurrence or death"),
        Endpoint("efs", "EFS", "Event-free survival", "event or death"),
        Endpoint("ttp", "TTP", "Time to progression", "progression"),
        Endpoint("ttr", "TTR", "Time to recurrence", "recurrence"),
        Endpoint("ttd", "TTD", "Time to treatment discontinuation", "end of treatment"),
        Endpoint("dor", "DoR", "Duration of response", "progression or death"),
    )
}


def endpoint(id: str) -> Endpoint:
    """The named endpoint, or a plain one for an id that the table does not know."""
    return ENDPOINTS.get(id) or Endpoint(id, id.upper(), id.upper().replace("_", " "), "event")
