"""A mapping as it would come out: the cohort, everything found in it, and its first curve; nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.cohort.mapping import Mapping, MappingError
from kras_core.cohort.mapping.apply import preview
from kras_core.cohort.mapping.dates import RuleEffect
from kras_core.cohort.model import Cohort
from kras_core.cohort.problems import Problem
from kras_core.cohort.readers import RawTables
from kras_core.cohort.remedies import Change, Remedy, apply
from kras_core.cohort.validate import examine
from kras_core.conventions import PRESETS
from kras_core.selection import Selection, SelectionError


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """tables: as mapped, None where they could not be. cohort: None where there is an error. refusal: why there is no
    table or no curve, "" where there is one. changes: the cells that remedies changed."""

    tables: RawTables | None
    cohort: Cohort | None
    problems: tuple[Problem, ...]
    curve: SurvivalAnalysis | None
    refusal: str = ""
    changes: tuple[Change, ...] = ()


def first_look(
    mapping: Mapping, tables: RawTables, endpoint: str = "", remedies: Sequence[Remedy] = (), **cohort_fields: Any
) -> FirstLook:
    """The cohort that this mapping makes, with event codings as they stand, confirmed or not.

    endpoint: of the curve; the cohort's own where it is "" or not offered. remedies: corrections of the
    table as mapped. cohort_fields: as of `examine`.
    """
    try:
        mapped, changes = apply(preview(mapping, tables), remedies)
    except MappingError as error:
        return FirstLook(None, None, (), None, str(error))
    cohort, problems = examine(mapped, **cohort_fields)
    if cohort is None:
        return FirstLook(mapped, None, problems, None, "No curve before the errors are mended.", changes)
    chosen = endpoint if endpoint in cohort.endpoints else cohort.default_endpoint
    try:
        curve = analyse(cohort, Selection(cohort.digest, chosen, conventions=PRESETS[cohort.conventions]))
    except SelectionError as refusal:
        return FirstLook(mapped, cohort, problems, None, str(refusal), changes)
    return FirstLook(mapped, cohort, problems, curve, "", changes)


# Field of DateRules, the date that it needs, and the choices in words.
_CHOICES: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "censor_pfs",
        "last_assessment_date",
        {"last assessment": "censored at the last assessment", "last contact": "censored at the last contact"},
    ),
    (
        "new_therapy",
        "new_therapy_date",
        {"ignore": "new therapy: followed on", "censor": "new therapy: censored at its start"},
    ),
    (
        "missed",
        "last_assessment_date",
        {"ignore": "after missed assessments: counts", "censor": "after missed assessments: censored before them"},
    ),
)


def rule_choices(mapping: Mapping) -> dict[str, dict[str, str]]:
    """Field of DateRules -> choice -> words, for the rules that this mapping's dates make a difference to."""
    there = {c.becomes for c in mapping.patients}
    if not {"start_date", "progression_date"} <= there or "pfs_time" in there:
        return {}
    return {field: dict(words) for field, needs, words in _CHOICES if needs in there}


def rule_effects(mapping: Mapping, tables: RawTables, **cohort_fields: Any) -> tuple[RuleEffect, ...]:
    """Events and median PFS under each choice of every rule, the others as they are."""
    found = []
    for field, words in rule_choices(mapping).items():
        for choice, said in words.items():
            rules = replace(mapping.dates, **{field: choice})
            look = first_look(replace(mapping, dates=rules), tables, "pfs", **cohort_fields)
            if look.curve is not None and look.curve.selection.endpoint == "pfs":
                overall = look.curve.overall
                found.append(RuleEffect(rules, said, overall.n, overall.events, overall.median.estimate))
    return tuple(found)
