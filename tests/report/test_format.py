"""Numbers into text, and names from users into Markdown, HTML and Plotly."""

import math
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed
from kras_core.stats.results import Difference, HazardRatio, MeanTime, Proportion, Quantile, Rate

NAN = math.nan
MONTHS = Clock("months", 365 / 12)
HOSTILE = (
    "![x](https://example.org/x.png)",
    "[x](https://example.org)",
    "<img src=https://example.org/x.png onerror=alert(1)>",
    "<https://example.org>",
    "https://example.org www.example.org a@example.org",
    ":material/home: :smile: :red[x] :red-background[x]",
    "$x^2$ `code` *a* __b__ ~~c~~",
    "# heading",
    "1. item",
    "- item",
    "> quote",
    "| a | b |",
    "a\n\n    code\nb",
    "&lt;b&gt; &amp; &#60;",
    "<b>x</b> <a href='javascript:1'>y</a><br>z",
    "%{x} {y} $a$ %{customdata[0]}",
    "back\\slash \\<b>",
    "turned \u202eround\u202c hidden\u200b",
)


@pytest.mark.parametrize(
    "x, places, text",
    [
        (6.25, 1, "6.3"),  # Python's own formatting rounds half to even: 6.2
        (0.125, 2, "0.13"),
        (2.675, 2, "2.68"),  # and sees 2.67499999…
        (59.25925925925926, 1, "59.3"),
        (-0.04, 1, "0.0"),
        (-3.25, 1, "−3.3"),
        (1234567.5, 0, "1,234,568"),
        (NAN, 1, "–"),
        (math.inf, 1, "–"),
    ],
)
def test_decimals_round_half_up_as_a_reader_would(x: float, places: int, text: str) -> None:
    assert fmt.decimal(x, places) == text


@given(st.floats(allow_nan=True, allow_infinity=True, width=64).filter(lambda x: not abs(x) > 1e12), st.integers(0, 3))
def test_a_printed_decimal_is_within_half_a_unit_of_its_number(x: float, places: int) -> None:
    text = fmt.decimal(x, places)
    if math.isfinite(x):
        printed = Decimal(text.replace("−", "-").replace(",", ""))
        assert abs(printed - Decimal(repr(x))) <= Decimal(1).scaleb(-places) / 2
    else:
        assert text == "–"


@pytest.mark.parametrize(
    "p, value, equation",
    [
        (0.0004, "<0.001", "p < 0.001"),
        (0.00099, "<0.001", "p < 0.001"),
        (0.001, "0.001", "p = 0.001"),
        (0.0074, "0.007", "p = 0.007"),
        (1.0, "1.000", "p = 1.000"),
        (NAN, "not estimable", "p not estimable"),
    ],
)
def test_p_to_three_decimals(p: float, value: str, equation: str) -> None:
    assert (fmt.p_value(p), fmt.p_equation(p)) == (value, equation)


def q(estimate: float, low: float, high: float, reason: str = "") -> Quantile:
    return Quantile(estimate, low, high, "method", reason=reason)


@pytest.mark.parametrize(
    "quantile, text",
    [
        (q(12.39, 8.15, 16.63), "12.4 (8.2–16.6)"),
        (q(12.39, 8.15, NAN), "12.4 (8.2–not reached)"),
        (q(9.11, NAN, NAN, "no SPSS interval"), "9.1 (no interval)"),
        (q(NAN, NAN, NAN, "not reached"), "not reached"),
        (q(NAN, 8.15, NAN, "not reached"), "not reached (8.2–not reached)"),
        (q(NAN, NAN, NAN, "no patients"), "not estimable (no patients)"),
    ],
)
def test_medians(quantile: Quantile, text: str) -> None:
    assert fmt.quantile(quantile, MONTHS).text == text


@pytest.mark.parametrize(
    "printed, text",
    [
        (fmt.hazard_ratio(HazardRatio("a", "b", 0.288, 0.11, 0.76, 0.01, 0.5, "Cox")), "0.29 (0.11–0.76)"),
        (fmt.hazard_ratio(HazardRatio("a", "b", 0.002, 0.0001, 123.4, 0.5, 2, "Cox")), "<0.01 (<0.01–123)"),
        (
            fmt.hazard_ratio(HazardRatio("a", "b", NAN, NAN, NAN, NAN, NAN, "Cox", reason="no event")),
            "not estimable (no event)",
        ),
        (fmt.rate(Rate(9, 0.481, 0.29, 0.654, 6)), "48 % (29–65 %)"),
        (fmt.rate(Rate(9, 0.0, NAN, NAN, 0)), "0 % (no interval)"),
        (
            fmt.rate(Rate(9, NAN, NAN, NAN, 0, reason="not estimable: beyond follow-up")),
            "not estimable (beyond follow-up)",
        ),
        (fmt.mean_time(MeanTime(-1.99, -7.22, 3.24, 2.7, 14), MONTHS), "−2.0 (−7.2 to 3.2)"),
        (fmt.points(Difference(-0.087, -0.268, 0.407, "Newcombe")), "−8.7 (−26.8 to 40.7)"),
        (fmt.proportion(Proportion(16, 27, 16 / 27, 0.388, 0.776, "Clopper–Pearson")), "59.3 % (38.8–77.6 %)"),
        (fmt.count(16, 27), "16 (59.3)"),
        (fmt.count(0, 27), "0"),
        (fmt.count(0, 0), "0"),
    ],
)
def test_estimates_with_their_intervals(printed: Printed, text: str) -> None:
    assert printed.text == text


def test_html_sets_value_and_interval_apart_and_says_the_same() -> None:
    printed = fmt.quantile(q(12.39, 8.15, 16.63), MONTHS)
    assert printed.html == '<span class="kras-value">12.4</span> <span class="kras-interval">(8.2–16.6)</span>'


@pytest.mark.parametrize("unit, text", [("months", "9.1 months"), ("weeks", "39.6 weeks"), ("days", "277 days")])
def test_units_follow_the_cohorts_own_month(unit: str, text: str) -> None:
    assert Clock(unit, 365 / 12).spoken(9.11) == text  # type: ignore[arg-type]


def test_a_redrawn_range_says_one_number_where_both_ends_print_alike() -> None:
    assert fmt.spread(9.01, 9.04, MONTHS.number) == "9.0"
    assert fmt.spread(6.0, NAN, MONTHS.number) == "6.0–not reached"
    assert fmt.spread(6.0, math.inf, MONTHS.number) == "6.0–not reached"


@pytest.mark.parametrize(
    "name, inside",
    [
        ("Prior anti-angiogenic therapy", "prior anti-angiogenic therapy"),
        ("No prior", "no prior"),
        ("Age ≤ 65", "age ≤ 65"),
        ("NLR > 2.99", "NLR > 2.99"),
        ("KRAS G12C", "KRAS G12C"),
        ("Berlin", "Berlin"),
        ("AGE", "AGE"),
        ("", ""),
    ],
)
def test_a_label_loses_its_capital_inside_a_sentence_unless_it_is_a_name(name: str, inside: str) -> None:
    assert fmt.mid_sentence(name) == inside


class Seen(HTMLParser):
    """Tags and text of a piece of HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_a_name_and_nothing_else(name: str) -> None:
    seen = Seen(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(fmt.md_escape(name)))
    assert seen.tags == ["p"]
    assert seen.words.replace("\u2060", "").strip() == fmt.plain(name)


@pytest.mark.parametrize(
    "name", [":material/home:", ":smile:", "https://example.org", "www.example.org", "a@example.org"]
)
def test_nothing_is_left_for_what_looks_for_codes_and_addresses_after_parsing(name: str) -> None:
    words = Seen(MarkdownIt("commonmark").render(fmt.md_escape(name))).words
    assert not any(code in words for code in (":m", ":s", "://", "www.", "@e"))


@pytest.mark.parametrize("name", HOSTILE)
def test_html_shows_a_name_and_nothing_else(name: str) -> None:
    seen = Seen(f"<td>{fmt.html_escape(name)}</td>")
    assert seen.tags == ["td"] and seen.words == fmt.plain(name)
    inside_markdown = Seen(MarkdownIt("commonmark", {"html": True}).render(f"<i>{fmt.html_escape(name)}</i>"))
    assert inside_markdown.tags == ["p", "i"] and inside_markdown.words.strip() == fmt.plain(name)


@given(st.text())
def test_html_escapes_any_text(text: str) -> None:
    seen = Seen(f"<td>{fmt.html_escape(text)}</td>")
    assert seen.tags == ["td"]


@pytest.mark.parametrize("name", HOSTILE)
def test_plotly_finds_no_tag_formula_or_template(name: str) -> None:
    escaped = fmt.plotly_escape(name)
    assert not set("<>$%{}") & set(escaped)
