"""What every view says of rows that no patient stands behind."""

from collections.abc import Iterator

from kras_core.analyse.results import Warning
from kras_core.cohort.model import Cohort


def not_patients(cohort: Cohort) -> Iterator[Warning]:
    """The warning of reconstructed or simulated rows; none of real ones."""
    if cohort.provenance == "reconstructed":
        yield Warning("reconstructed", "Reconstructed from a publication: not patient data.")
    elif cohort.provenance == "simulated":
        yield Warning("simulated", "Simulated: not patient data.")
