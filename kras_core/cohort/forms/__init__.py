"""Study forms: files that belong together by a standard -> one table of patients (and one of adverse events).

A form is a module with `holds(tables)`, whether these files are of that form, and `join(tables, ids)`.
"""

from collections.abc import Sequence
from typing import Literal

from kras_core.cohort.files.table import RawTable
from kras_core.cohort.forms import adam, cbioportal
from kras_core.cohort.problems import Problem

Form = Literal["own", "cbioportal", "adam", "wide"]


def joined(
    tables: Sequence[RawTable], sequenced: frozenset[str]
) -> tuple[Form, tuple[RawTable, ...], list[Problem]] | None:
    """The form of these tables, what they are joined to and what was done; None where they are of no study form.

    sequenced: samples that a case list of cBioPortal names as sequenced.
    """
    if adam.holds(tables):
        return "adam", *adam.join(tables)
    if cbioportal.holds(tables):
        return "cbioportal", *cbioportal.join(tables, sequenced)
    return None
