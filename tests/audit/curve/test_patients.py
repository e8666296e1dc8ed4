"""The rows as a cohort: marked reconstructed as an object, as a file, and as that file uploaded again."""

import numpy as np
import pytest

from kras_core.address import default_selection, token
from kras_core.analyse.survival import analyse
from kras_core.audit.curve.patients import patient_rows, reconstructed_cohort
from kras_core.audit.curve.reconstruct import reconstruct
from kras_core.cohort.model import RECONSTRUCTED
from kras_core.cohort.readers import read
from kras_core.cohort.validate import examine
from kras_core.report.cohort.card import card_html
from kras_core.report.csv_out import csv_bytes
from kras_core.selection import By
from tests.audit.curve.figures import printed, simulate
from tests.cohort.files import csv_of, patients


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(11)
    arms = [printed(rng, simulate(rng, n, median), sd=0.003) for n, median in ((30, 6.0), (40, 9.0))]
    named = [
        type(p)(label, p.time, p.survival, p.risk_time, p.at_risk, p.events)
        for label, p in zip("AB", arms, strict=True)
    ]
    return reconstruct(named, count=10)


def uploaded(rows):
    """As the Cohort page takes a file."""
    return examine(
        read(("rows.csv", csv_bytes(rows))), id="uploaded", title="rows.csv", provenance="real", origin="uploaded"
    )


def test_every_patient_is_there_and_named_reconstructed(found):
    rows = patient_rows(found, "pfs")
    assert list(rows[0]) == ["patient_id", "arm", "pfs_months", "pfs_event"]
    assert len(rows) == 70 == len({row["patient_id"] for row in rows})
    assert all(row["patient_id"].startswith(RECONSTRUCTED) for row in rows)
    assert sum(row["pfs_event"] == "1" for row in rows) == sum(arm.events for arm in found.arms)


def test_the_survival_view_says_what_the_reconstruction_says(found):
    cohort = reconstructed_cohort(found, "pfs", title="Figure 2")
    assert (cohort.provenance, cohort.origin, cohort.endpoints) == ("reconstructed", "uploaded", ("pfs",))
    selection = default_selection(cohort)
    assert selection.by == (By("arm"),)
    analysis = analyse(cohort, selection)
    assert [(s.label, s.n, s.events) for s in analysis.strata] == [(a.label, a.n, a.events) for a in found.arms]
    assert [s.median.estimate for s in analysis.strata] == pytest.approx([a.median.estimate for a in found.arms])
    assert analysis.hazard_ratios[0].estimate == pytest.approx(found.hazard_ratios[0].estimate, rel=1e-9)
    assert "reconstructed" in {w.code for w in analysis.warnings}


def test_its_file_uploaded_again_is_the_same_cohort_and_still_no_patients(found):
    cohort = reconstructed_cohort(found, "pfs", title="Figure 2")
    again, problems = uploaded(patient_rows(found, "pfs"))
    assert again is not None
    assert again.provenance == "reconstructed"
    assert token(again) == token(cohort)
    assert default_selection(again).by == (By("arm"),)
    assert "reconstructed" in {p.code for p in problems}
    assert "not patient data" in card_html(again)


def test_one_marked_row_among_others_is_enough():
    rows = patients(patient_id=["SIM-01", f"{RECONSTRUCTED}-002", "SIM-03"])
    cohort, _ = examine(read(("p.csv", csv_of(rows))), id="x", title="x", provenance="real", origin="uploaded")
    assert cohort is not None and cohort.provenance == "reconstructed"


def test_what_is_not_marked_stays_what_it_was():
    cohort, problems = examine(
        read(("p.csv", csv_of(patients()))), id="x", title="x", provenance="real", origin="uploaded"
    )
    assert cohort is not None and cohort.provenance == "real"
    assert "reconstructed" not in {p.code for p in problems}
    assert "Uploaded in this session" in card_html(cohort)


@pytest.mark.parametrize("wrong", ["", "OS", "os months", "1os", "os;x"])
def test_an_endpoint_is_a_plain_id(found, wrong):
    with pytest.raises(ValueError, match="names no endpoint"):
        patient_rows(found, wrong)
