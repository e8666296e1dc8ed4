"""Addresses: round trips, and nothing about patients in those of uploads."""

import pytest

from kras_core import __version__
from kras_core.address import (
    SCHEME,
    decode,
    default_selection,
    encode,
    mismatches,
    other_upload,
    token,
    unknown_cohort,
)
from kras_core.analyse.survival import analyse
from kras_core.cohort.stratifiers import stratifiers
from kras_core.controls import cutoff_control, filter_controls
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter
from tests.simulated import simulated_cohort

BUNDLED = simulated_cohort(50)
UPLOADED = simulated_cohort(50, origin="uploaded")

VIEWS = [
    {},
    {"endpoint": "os", "by": ()},
    {"by": (By("nlr", 2.5), By("sex"))},
    {"by": (By("ward"),), "where": (Filter("sex", "=", ("M",)), Filter("kras_variant", "=", ("G12C", "G12V")))},
    {"by": (By("nlr", 2.5, on_outcome=True),)},
    {"by": (By("nlr", 2.5, 3.75), By("ldh", 300.0, 433.0, on_outcome=True))},
    {"analysis": "landmark", "landmark": 1.38, "conventions": PRESETS["spss"]},
    {"analysis": "delayed-entry", "unit": "weeks", "axis_max": 12.0, "milestones": (6.0, 12.0)},
]


@pytest.mark.parametrize("changes", VIEWS)
def test_bundled_views_come_back_whole(changes):
    selection = default_selection(BUNDLED).but(**changes)
    assert decode(BUNDLED, encode(BUNDLED, selection)) == selection


@pytest.mark.parametrize("changes", VIEWS)
def test_uploaded_views_come_back_as_the_same_patients(changes):
    selection = default_selection(UPLOADED).but(**changes)
    selection = selection.but(by=tuple(_settled(b) for b in selection.by))
    assert decode(UPLOADED, encode(UPLOADED, selection)) == selection


def _settled(by: By) -> By:
    if by.cutoff is None:
        return by
    control = cutoff_control(UPLOADED, stratifiers(UPLOADED)[by.id])
    assert control is not None
    return By(by.id, control.settle(by.cutoff), by.upper and control.settle(by.upper), by.on_outcome)


def test_a_settled_cut_off_splits_the_same_patients():
    control = cutoff_control(UPLOADED, stratifiers(UPLOADED)["nlr"])
    assert control is not None
    values = UPLOADED.numbers("nlr")
    for cutoff in (1.234, 2.5, 2.99, float(values.max())):
        assert ((values > cutoff) == (values > control.settle(cutoff))).all()
        assert control.settle(cutoff) in values


def test_an_uploads_address_holds_no_name_and_no_value():
    where = (Filter("ward", "=", ("north",)), Filter("ldh", ">=", ("433",)), Filter("sex", "=", ("M",)))
    selection = default_selection(UPLOADED).but(by=(By("ward"), By("nlr", 2.17)), where=where)
    text = repr(encode(UPLOADED, selection))
    for word in ("ward", "north", "ldh", "433", "2.17", "sex", "'M", "nlr", "pfs", "simulated"):
        assert word not in text, word
    assert token(UPLOADED) == f"upload-{UPLOADED.digest[:16]}"


@pytest.mark.parametrize(
    "parameters",
    [
        {"endpoint": "nothing", "by": "nobody@x", "where": ["<<<", "sex", "shoe=1"], "methods": "excel"},
        {"landmark": "-3", "axis": "nan", "unit": "fortnights", "at": "a,b,-1"},
        {"by": "sex@3", "entry": "never"},
        {"by": "nlr@x!"},
        {"by": "nlr@3-2"},
        {"by": "nlr@3-"},
    ],
)
def test_what_means_nothing_falls_back_to_the_default(parameters):
    found = decode(BUNDLED, parameters)
    assert found.but(by=()) == default_selection(BUNDLED).but(by=())
    assert all(b.cutoff is None for b in found.by)


@pytest.mark.parametrize("text", ["s999", "sX", "s-1", "sex", "s1@r0", "s1@r9999", "e0", ""])
def test_positions_out_of_range_are_no_view_of_an_upload(text):
    found = decode(UPLOADED, {"by": text, "where": ["c999=l0", "c2=l99", "c1>=r0", "sex=M"]})
    assert found.where == ()
    assert analyse(UPLOADED, found).overall.n == 50


def test_filter_controls_invert_their_filters():
    for cohort in (BUNDLED, UPLOADED):
        for control in filter_controls(cohort):
            assert control.filters(control.everything) == ()
            if control.levels:
                chosen = [control.levels[0]]
            else:
                values = sorted(cohort.numbers(control.column))
                chosen = (float(values[5]), float(values[-5]))
            filters = control.filters(chosen)
            assert control.value_of(filters) == chosen
            kept = analyse(cohort, default_selection(cohort).but(by=(), where=filters)).overall.n
            assert 0 < kept < 50


@pytest.mark.parametrize("cohort", [BUNDLED, UPLOADED])
def test_an_address_of_here_and_now_has_no_mismatch(cohort):
    for changes in VIEWS:
        selection = default_selection(cohort).but(**changes)
        assert mismatches(cohort, encode(cohort, selection)) == ()


def test_an_address_is_stamped_with_data_and_version():
    assert encode(BUNDLED, default_selection(BUNDLED))["data"] == BUNDLED.digest[:10]
    assert "data" not in encode(UPLOADED, default_selection(UPLOADED))  # its token is the digest
    for cohort in (BUNDLED, UPLOADED):
        assert encode(cohort, default_selection(cohort))["version"] == f"{__version__}-{SCHEME}"


def test_other_data_and_another_version_are_said_with_what_to_do():
    here = encode(BUNDLED, default_selection(BUNDLED))
    other = mismatches(BUNDLED, here | {"data": "0123456789", "version": "0.0.9-1"})
    assert [m.kind for m in other] == ["data", "version"]
    assert "0123456789" in other[0].message and BUNDLED.digest[:10] in other[0].message
    assert "KRAScope 0.0.9" in other[0].message and "KRAScope 0.0.9" in other[1].message
    assert [m.kind for m in mismatches(BUNDLED, here | {"version": f"{__version__}-99"})] == ["version"]
    assert mismatches(BUNDLED, {"by": "sex"}) == ()  # written by hand


@pytest.mark.parametrize(
    "parameters, parts",
    [
        ({"endpoint": "nothing"}, "endpoint=nothing"),
        ({"by": "sex,nobody"}, "by=nobody"),
        ({"by": "nlr@x"}, "by=nlr@x"),
        ({"where": ["sex=M", "shoe=1"]}, "where=shoe=1"),
        ({"methods": "excel", "unit": "fortnights"}, "methods=excel, unit=fortnights"),
        ({"landmark": "-3", "axis": "nan", "at": "a"}, "landmark=-3, axis=nan, at=a"),
    ],
)
def test_parts_that_mean_nothing_are_named(parameters, parts):
    (found,) = mismatches(BUNDLED, parameters)
    assert found.kind == "parts" and f"asks for {parts}, which" in found.message


def test_another_file_than_the_links_is_named_by_its_digest():
    found = other_upload("upload-0123456789abcdef", UPLOADED)
    assert "0123456789abcdef" in found.message and UPLOADED.digest[:16] in found.message
    assert "ncctg-lung" in unknown_cohort("elsewhere", BUNDLED).message
