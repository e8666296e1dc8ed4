"""The data file that a script of an upload reads: the rows as KRAScope read them, under the dictionary's names."""

from kras_core.cohort.model import Cohort


def data_csv(cohort: Cohort) -> bytes:
    """Every column of the validated patients as CSV: for programs, so nothing is marked as text for a spreadsheet."""
    return cohort.patients.to_csv(index=False).encode()
