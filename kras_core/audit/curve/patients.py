"""A reconstruction as patient rows and as a cohort that every page shows, marked reconstructed wherever it goes.

The mark is in the rows themselves: each patient_id begins with RECONSTRUCTED, or with SIMULATED where the curve was, by
which a file of them is known again when it is uploaded (`cohort.validate`).
"""

import re

import numpy as np

from kras_core.audit.curve.results import Reconstruction
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.model import MARKS, Cohort, Provenance
from kras_core.cohort.readers import RawTables
from kras_core.cohort.validate import build_cohort

ENDPOINT_ID = re.compile(r"[a-z][a-z0-9_]*")


def patient_rows(
    reconstruction: Reconstruction, endpoint: str, truth: Provenance = "reconstructed"
) -> list[dict[str, str]]:
    """One row a patient: patient_id, arm, <endpoint>_months, <endpoint>_event. Raises ValueError for no endpoint id.

    truth: "simulated" where the curve is of no publication.
    """
    if not ENDPOINT_ID.fullmatch(endpoint):
        raise ValueError(f"{endpoint!r} names no endpoint: write small letters, digits and _, such as os or pfs")
    of_arm = [
        (arm.label, time, event)
        for arm in reconstruction.arms
        for time, event in zip(arm.rows.time.tolist(), arm.rows.event.tolist(), strict=True)
    ]
    digits = len(str(len(of_arm)))
    return [
        {
            "patient_id": f"{MARKS[truth]}-{i:0{digits}d}",
            "arm": label,
            f"{endpoint}_months": f"{time:.10g}",
            f"{endpoint}_event": str(int(event)),
        }
        for i, (label, time, event) in enumerate(of_arm, 1)
    ]


def reconstructed_cohort(
    reconstruction: Reconstruction,
    endpoint: str,
    *,
    title: str,
    card: str = "",
    citation: str = "",
    truth: Provenance = "reconstructed",
) -> Cohort:
    """The rows as a cohort, made as an upload of them is, so that both have one digest. Raises ValueError."""
    rows = patient_rows(reconstruction, endpoint, truth)
    header = tuple(rows[0])
    columns = tuple(np.array([row[name] for row in rows], dtype=object) for name in header)
    table = RawTable("reconstruction", "", header, columns, np.arange(len(rows)) + 2)
    return build_cohort(
        RawTables(table, None, (table.file,), ()),
        id="reconstructed-curve",
        title=title,
        provenance=truth,
        origin="uploaded",
        default_endpoint=endpoint,
        citation=citation,
        card=card,
    )
