"""Texts become values, and what cannot be read is said cell by cell."""

import subprocess
import sys

import numpy as np
import pytest

from kras_core.cohort import coerce


def texts(*cells: str) -> np.ndarray:
    return np.array(cells, dtype=object)


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-0.5", -0.5), ("+3", 3), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("007", 7), ("1e-400", 0)],
)
def test_numbers_are_read(text, value):
    values, unread, commas = coerce.numbers(texts(text))
    assert (values.tolist(), unread.tolist(), commas) == ([value], [False], False)


@pytest.mark.parametrize(
    "text", ["x", "5 mg", "<5", "0x1F", "1_000", "inf", "-Infinity", "1e400", "--5", "1,5,0", "12%"]
)
def test_what_is_no_finite_number_is_not_read(text):
    values, unread, _ = coerce.numbers(texts(text, "1"))
    assert np.isnan(values).tolist() == unread.tolist() == [True, False]


def test_an_enormous_exponent_does_not_bring_the_process_down():
    code = (
        "import numpy as np; from kras_core.cohort.coerce import anything\n"
        "print(anything(np.array(['1E2147483648', '1e' + '9' * 400, '9' * 5000], dtype=object))[0].categories.size)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "3")


def test_decimal_commas_are_read_only_where_nobody_writes_a_point():
    assert coerce.numbers(texts("1,5", "2", ""))[0].tolist()[:2] == [1.5, 2.0]
    values, unread, commas = coerce.numbers(texts("1,5", "2.5"))
    assert (np.isnan(values).tolist(), unread.tolist(), commas) == ([True, False], [True, False], False)
    values, unread, commas = coerce.numbers(texts("1,5", "x"))
    assert (values[0], unread.tolist(), commas) == (1.5, [False, True], True)


def test_dates_are_days_and_only_real_ones():
    good = texts("2021-03-15", "2021-03-15 08:30:00", "2020-02-29", "")
    values, unread = coerce.dates(good)
    assert values.astype("datetime64[D]").astype(str).tolist() == ["2021-03-15", "2021-03-15", "2020-02-29", "NaT"]
    assert not unread.any()
    bad = texts("2021-02-29", "15.03.2021", "03/15/2021", "21-03-15", "2021-03", "20210315", "1899-12-31", "2999-01-01")
    assert coerce.dates(bad)[1].all()


def test_levels_that_occur_in_order_else_as_numbers_and_letters_sort():
    assert coerce.categorical(texts("b", "a", "b"), ("c", "b", "a")).categories.tolist() == ["b", "a"]
    found = coerce.categorical(texts("dose 10", "dose 9", "10", "9", "009", "A", "b")).categories.tolist()
    assert found == ["009", "9", "10", "A", "b", "dose 9", "dose 10"]


def test_spellings_are_joined_under_the_most_frequent():
    values, merged = coerce.one_spelling(np.array(["Rash", "rash", "Fever", None, "rash"], dtype=object))
    assert (values.tolist(), merged) == (["rash", "rash", "Fever", None, "rash"], True)
    assert coerce.one_spelling(texts("Rash", "Fever"))[1] is False


def test_no_rows_are_no_rows():
    empty = texts()
    assert coerce.numbers(empty)[0].shape == coerce.flags(empty)[0].shape == coerce.dates(empty)[0].shape == (0,)
    assert len(coerce.categorical(empty)) == 0
