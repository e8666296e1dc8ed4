"""Study forms: files that belong together by a standard -> one table of patients (and one of adverse events).

A form is a module with `holds(tables)`, whether these files are of that form, and `join(tables, ids)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kras_core.cohort.files.table import RawTable
from kras_core.cohort.forms import adam, cbioportal
from kras_core.cohort.problems import Problem

Form = Literal["own", "cbioportal", "adam", "wide"]


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """The form, the tables that its files come to, what was done for it, and what it says of the cohort as a whole.

    said: field of Cohort -> text; a column is named as in the table of patients.
    """

    form: Form
    tables: tuple[RawTable, ...]
    problems: list[Problem]
    said: Mapping[str, str] = field(default_factory=dict)


def joined(tables: Sequence[RawTable], sequenced: frozenset[str]) -> Joined | None:
    """These tables by the form that they are of; None where they are of no study form.

    sequenced: samples that a case list of cBioPortal names as sequenced.
    """
    if adam.holds(tables):
        return Joined("adam", *adam.join(tables), adam.said(tables))
    if cbioportal.holds(tables):
        return Joined("cbioportal", *cbioportal.join(tables, sequenced))
    return None
