"""The dictionary is one table, and every row of it is complete."""

import pytest

from kras_core.cohort.coerce import MISSING
from kras_core.cohort.variables import ADVERSE_EVENT_VARIABLES, VARIABLES, column_key, variable

EVERY = [*VARIABLES.values(), *ADVERSE_EVENT_VARIABLES.values()]


@pytest.mark.parametrize("known", EVERY, ids=lambda v: v.name)
def test_every_row_is_complete(known):
    assert column_key(known.name) == known.name
    assert known.label
    assert known.allowed
    assert not {level.lower() for level in known.levels} & MISSING
    assert len(set(map(str.lower, known.levels))) == len(known.levels)
    assert {level for _, level in known.aliases} <= set(known.levels)
    if known.kind in ("number", "integer"):
        assert known.low is not None


def test_what_the_paper_uses_is_there():
    wanted = """patient_id centre age sex ecog histology kras_variant stage smoking pdl1_tps stk11 keap1 tp53
        brain_metastases liver_metastases bone_metastases prior_chemo prior_ici prior_ici_end prior_antiangiogenic
        prior_g12c_inhibitor prior_lines neutrophils_10e9_per_l lymphocytes_10e9_per_l platelets_10e9_per_l
        albumin_g_per_l nlr plr pni anlotinib_dose_mg anlotinib_reduced off_treatment_reason next_therapy start_date
        progression_date death_date last_contact_date last_assessment_date data_cutoff_date treatment_end_date
        pfs_months pfs_days pfs_event os_months os_days os_event entry_months entry_days best_response
        response_confirmed response_date response_months best_change_percent"""
    assert set(wanted.split()) == set(VARIABLES)
    assert list(ADVERSE_EVENT_VARIABLES) == ["patient_id", "term", "grade", "related", "immune_related"]


def test_what_is_known_only_after_the_start_says_so():
    after = {v.name for v in VARIABLES.values() if v.post_baseline}
    treatment = {"anlotinib_reduced", "off_treatment_reason", "next_therapy"}
    assert after == treatment | {"best_response", "response_confirmed", "response_months", "best_change_percent"}


def test_a_column_of_any_endpoint_is_described():
    time, event = variable("ttp_days"), variable("ttp_event")
    assert time is not None
    assert event is not None
    assert (time.label, time.unit, time.role, time.low) == ("Time to progression (days)", "days", "outcome", 0)
    assert (event.kind, event.note) == ("flag", "0 = censored, 1 = progression.")
    assert variable("ldh") is None
    assert variable("age") is VARIABLES["age"]


@pytest.mark.parametrize("header", ["Patient ID", "patient-id", " PATIENT.ID ", "patient_id", "Patient  id"])
def test_a_name_is_found_however_it_is_spelt(header):
    assert column_key(header) == "patient_id"
