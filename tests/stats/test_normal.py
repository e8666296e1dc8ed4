"""The normal distribution against SciPy's."""

import pytest
from scipy.stats import norm

from kras_core.stats.normal import two_sided_p, z_value


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_width_of_an_interval(confidence: float) -> None:
    assert z_value(confidence) == pytest.approx(norm.ppf((1 + confidence) / 2), rel=1e-14)


@pytest.mark.parametrize("z", [0.0, 0.5, -1.96, 8.0, -30.0])
def test_p_is_exact_far_out_too(z: float) -> None:
    assert two_sided_p(z) == pytest.approx(2 * norm.sf(abs(z)), rel=1e-12)
