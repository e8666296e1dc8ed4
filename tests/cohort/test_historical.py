"""Published medians: every number has a source, disagreeing sources both stand, and rows of one's own are checked."""

import re

import pytest

from kras_core.cohort.historical import Historical, HistoricalError, own_row, published


@pytest.fixture(params=published(), ids=lambda row: row.id)
def row(request) -> Historical:
    return request.param


def test_every_row_says_who_when_where_and_what_to_mind(row: Historical) -> None:
    assert row.n > 0 and row.population and row.line and row.caution.endswith(".")
    assert re.search(r"[A-Z][^;]* \d{4};\d+.*:\S+$", row.source), row.source  # author, journal, year;volume:page
    assert row.medians and set(row.medians) <= {"pfs", "os"}
    for m in row.medians.values():
        assert re.fullmatch(r"\d+\.\d+", m.median)
        assert not m.low or float(m.low) < m.months
        assert not m.high or m.months < float(m.high)


def test_ids_are_distinct_and_all_treatments_are_there() -> None:
    assert len({row.id for row in published()}) == len(published())
    treatments = {row.treatment for row in published()}
    assert treatments == {
        "Docetaxel",
        "Sotorasib",
        "Adagrasib",
        "Anlotinib alone",
        "Atezolizumab + bevacizumab + chemotherapy",
    }


def test_what_the_paper_quotes_differently_stands_beside_the_trials_own_figure() -> None:
    rows = {row.id: row for row in published()}
    anlotinib, first = rows["alter0303-anlotinib"], rows["alter0303-anlotinib-asco"]
    assert (anlotinib.medians["pfs"].median, first.medians["pfs"].median) == ("5.4", "5.37")
    assert anlotinib.quoted is not None and anlotinib.quoted.median == "4.8" and "Su et al." in anlotinib.quoted.where
    assert rows["alter0302-anlotinib"].medians["pfs"].median == "4.8"
    first_line = rows["impower150-abcp"]
    assert not first_line.later_line and "no prior chemotherapy" in first_line.caution
    assert [row.id for row in published() if not row.later_line] == ["impower150-abcp"]


def test_a_row_of_ones_own_needs_a_source_and_a_possible_median() -> None:
    row = own_row("own-1", "os", " Drug X, our registry ", "Own data 2024", 40, "7,5", "5.0", "")
    assert (row.medians["os"].months, row.medians["os"].low, row.medians["os"].high) == (7.5, "5.0", "")
    for median, low, high, word in (
        ("soon", "", "", "numbers of months"),
        ("", "", "", "missing"),
        ("-2", "", "", "missing"),
        ("nan", "", "", "missing"),
        ("5", "6", "7", "interval"),
        ("5", "1", "4", "interval"),
    ):
        with pytest.raises(HistoricalError, match=word):
            own_row("own-1", "pfs", "Drug X", "Own data", 3, median, low, high)
    with pytest.raises(HistoricalError, match="source"):
        own_row("own-1", "pfs", "Drug X", " ", 3, "5")
