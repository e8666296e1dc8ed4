"""Real files, where the machine has them (KRASCOPE_REAL_DATA names the folder): none is part of the repository."""

from pathlib import Path

import pytest

from kras_core.address import default_selection
from kras_core.analyse.biomarkers import analyse_biomarker
from kras_core.analyse.subgroups import analyse_forest
from kras_core.cohort.stratifiers import split, stratifiers
from kras_core.selection import By
from tests.cohort.files import cohort, refusal
from tests.cohort.real_data import FOLDER, MISSING, renamed

pytestmark = pytest.mark.skipif(not FOLDER, reason=MISSING)


def test_a_pickle_that_calls_itself_spss_is_refused_under_every_name():
    content = (Path(FOLDER or "") / "stat_formats" / "lung.sav").read_bytes()
    for name in ("lung.sav", "lung.csv", "lung.xlsx", "lung.xls", "lung"):
        assert "pickle" in refusal((name, content)).sentence


def test_a_study_of_checkpoint_inhibitors_becomes_a_cohort():
    made = cohort(renamed("hellmann_2018"), provenance="real")
    assert (made.n, made.endpoints) == (75, ("pfs",))
    _meets_its_publication(made)
    codes = split(made, stratifiers(made)["tmb"]).codes
    # The median split of the publication; whoever has the median itself is not above it.
    assert [(codes == 0).sum(), (codes == 1).sum()] == [38, 37]


def _meets_its_publication(made):
    """Hellmann et al. 2018: PFS by TMB 17.1 v 3.7 months, log-rank p 0.0024; Cox 0.42."""
    view = analyse_biomarker(made, default_selection(made), By("tmb"))
    low, high = view.split.strata
    assert (high.median.estimate, low.median.estimate) == pytest.approx((17.1, 3.7), abs=0.06)
    assert view.split.logrank is not None and round(view.split.logrank.p, 4) == 0.0024
    assert round(view.split.hazard_ratios[0].estimate, 2) == 0.42
    assert view.split.cutoffs[0][2] == "median of these data, blind to outcome"
    forest = analyse_forest(made, default_selection(made).but(by=(By("tmb"),)))
    assert [f.id for f in forest.factors] == ["sex", "age", "smoking"]


def test_resected_adenocarcinomas_have_markers_with_many_cutoffs():
    made = cohort(renamed("luad_mskcc_2020"), provenance="real")
    view = analyse_biomarker(made, default_selection(made), By("suv"))
    assert (made.n, view.distribution.n, view.distribution.missing) == (604, 537, 67)
    assert view.scan is not None and view.chosen is not None and view.scan.cutoffs.size > 100
    assert (
        view.chosen.selected.p >= view.chosen.test.p and view.model is not None and view.model.events == 94
    )  # of the 98
