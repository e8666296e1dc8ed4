"""A mapping in words: what somebody has to confirm, and what a program prints."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from typing import Any

from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.mapping.codes import CENSORED, EVENT, NOT_KNOWN, counts
from kras_core.cohort.mapping.model import Column, Mapping
from kras_core.cohort.mapping.targets import Target, patients_target
from kras_core.cohort.readers import RawTables


def coding_in_words(
    codes: Sequence[tuple[str, str]], counted: Table[str, int], target: Target | None
) -> tuple[str, ...]:
    """What each code means and for how many patients: "1 = died: 21 patients"; codes without a meaning say so."""
    event = named_endpoint(target.endpoint).event if target else "event"
    happened, not_yet = ("died", "alive, or lost to follow-up") if event == "death" else (event, f"no {event} yet")
    words = {EVENT: happened, CENSORED: not_yet, NOT_KNOWN: "not known, left out"}
    meant = dict(codes)
    return tuple(
        f"{code} = {words.get(meant.get(code, ''), 'not said')}: {n:,} {'patient' if n == 1 else 'patients'}"
        for code, n in counted.items()
    )


def coding_of(column: Column, tables: RawTables) -> tuple[str, ...]:
    """The coding of one event column of patients in words, with how many patients have each code."""
    text = tables.patients.columns[tables.patients.header.index(column.source)]
    counted = {code: n for code, n in counts(text).items() if code not in column.missing}
    return coding_in_words(column.codes, counted, patients_target(column.becomes))


def mapping_json(mapping: Mapping, tables: RawTables) -> dict[str, Any]:
    """Every column with what it becomes and why, and the event codings that wait to be confirmed."""
    return {
        "fingerprint": mapping.fingerprint,
        "columns": [
            {"column": c.source, "becomes": c.becomes, "unit": c.unit, "confidence": c.confidence, "reason": c.reason}
            for c in mapping.patients
        ],
        "adverse_events": [
            {"column": c.source, "becomes": c.becomes, "confidence": c.confidence, "reason": c.reason}
            for c in mapping.adverse_events
        ],
        "confirm": {c.source: list(coding_of(c, tables)) for c in mapping.unconfirmed},
    }
