"""Adjusted p values: R's p.adjust, and what a missing p does."""

import json
from pathlib import Path

import numpy as np
import pytest

from kras_core.stats.multiplicity import benjamini_hochberg, holm

REFERENCE = json.loads((Path(__file__).parent.parent / "reference/multiplicity.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", REFERENCE)
def test_as_rs_p_adjust(name: str) -> None:
    case = REFERENCE[name]
    assert holm(case["p"]) == pytest.approx(case["holm"], abs=1e-12)
    assert benjamini_hochberg(case["p"]) == pytest.approx(case["benjamini_hochberg"], abs=1e-12)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_a_missing_p_is_no_test(adjust) -> None:
    p = [0.01, float("nan"), 0.2, 0.03]
    adjusted = adjust(p)
    assert np.isnan(adjusted[1])
    assert adjusted[[0, 2, 3]].tolist() == adjust([0.01, 0.2, 0.03]).tolist()
    assert adjust([]).size == 0 and np.isnan(adjust([float("nan")])).all()


def test_what_is_no_p_value_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.2, 1.2])
