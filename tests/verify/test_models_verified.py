"""The Models view by statsmodels, scikit-survival and lifelines."""

import pytest

from kras_core.address import default_selection
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.conventions import PRESETS
from kras_core.verify.models import verify_model
from tests.simulated import simulated_cohort

IDS = ("sex", "age", "ecog")


@pytest.mark.parametrize("preset", ["r", "spss"])
def test_every_number_agrees(preset: str) -> None:
    cohort = load("ncctg-lung")
    found = verify_model(cohort, default_selection(cohort).but(conventions=PRESETS[preset]), IDS)
    assert {o.library for o in found} == {"statsmodels PHReg", "scikit-survival", "lifelines"}
    assert len(found) == 3 * 3 + 2
    assert max(o.difference for o in found if o.difference is not None) < 1e-7


def test_under_delayed_entry_statsmodels_alone_is_asked() -> None:
    cohort = simulated_cohort(90)
    selection = default_selection(cohort).but(by=(), analysis="delayed-entry", conventions=PRESETS["r"])
    found = verify_model(cohort, selection, ("sex", "age"))
    assert any("not offered by scikit-survival" in o.note for o in found)
    assert max(o.difference for o in found if o.difference is not None) < 1e-6


def test_ranges_are_not_asked() -> None:
    cohort = load(DEFAULT)
    assert verify_model(cohort, default_selection(cohort), ("prior_antiangiogenic", "sex")) == ()
