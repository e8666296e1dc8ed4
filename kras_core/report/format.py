"""Numbers and names into text: the only module that writes "12.4 (8.2–16.6)".

Rounding is half up on the shortest decimal that names the number, as a reader would round it by
hand. An undefined number is words or a dash, never "nan". Names that come from users (columns,
levels, titles) pass through one of the three escapes at the end before they reach a page or figure.
"""

import html
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from kras_core.analyse.results import CohortRef
from kras_core.report.small_cells import HIDDEN, HiddenCount, below, is_small, shown
from kras_core.selection import Selection, TimeUnit
from kras_core.stats.results import Difference, HazardRatio, MeanTime, Proportion, Quantile, Rate

NOT_REACHED = "not reached"
NOT_ESTIMABLE = "not estimable"
NO_INTERVAL = "no interval"
NOTHING = "–"
MINUS = "−"
FIGURE_SPACE = "\u2007"  # as wide as a tabular digit

_PLACES = {places: Decimal(1).scaleb(-places) for places in range(10)}


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure as it is printed: the value, and its interval or percentage, in brackets, in lighter ink.

    missing: the value stands in place of a number that does not exist. patients: how many patients the value
    counts, None where it is no count; small ones may have to be hidden (`small_cells`).
    """

    value: str
    detail: str = ""
    missing: bool = False
    patients: int | None = None

    @property
    def text(self) -> str:
        return " ".join(filter(None, (self.value, self.detail)))

    @property
    def html(self) -> str:
        classes = ("interval" if self.missing else "value", "interval")
        parts = zip(classes, (self.value, self.detail), strict=True)
        return " ".join(f'<span class="kras-{kind}">{html_escape(text)}</span>' for kind, text in parts if text)


def decimal(x: float, places: int = 1) -> str:
    """A number with so many decimals, thousands separated, minus as a minus sign; a dash if undefined."""
    if not math.isfinite(x):
        return NOTHING
    rounded = Decimal(repr(float(x))).quantize(_PLACES[places], ROUND_HALF_UP)
    if rounded == 0:
        rounded = abs(rounded)
    return f"{rounded:,f}".replace("-", MINUS)


def whole(x: float) -> str:
    """A count; "<5" where small ones are hidden."""
    if isinstance(x, HiddenCount):
        return x.text
    if is_small(x):
        return below()
    return f"{x:,}" if isinstance(x, int) and x >= 0 else decimal(x, 0)


def percent(proportion: float, places: int = 0) -> str:
    """0.48 as "48 %"."""
    return f"{decimal(100 * proportion, places)} %" if math.isfinite(proportion) else NOTHING


def ratio(x: float) -> str:
    """A hazard ratio to two decimals; "<0.01" and whole numbers from a hundred, where two decimals mislead."""
    if math.isfinite(x) and 0 < x < 0.005:
        return "<0.01"
    return decimal(x, 0 if math.isfinite(x) and x >= 100 else 2)


def p_value(p: float) -> str:
    """Exact to three decimals, or "<0.001"."""
    if not math.isfinite(p):
        return NOT_ESTIMABLE
    return "<0.001" if p < 0.001 else decimal(p, 3)


def p_equation(p: float) -> str:
    """ "p = 0.007", "p < 0.001" or "p not estimable"."""
    text = p_value(p)
    if text == NOT_ESTIMABLE:
        return f"p {text}"
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def between(low: str, high: str) -> str:
    """A range: an en dash, or "to" where a minus sign would run into it."""
    return f"{low} to {high}" if MINUS in low + high else f"{low}–{high}"


def interval(low: float, high: float, write: Callable[[float], str]) -> str:
    """A confidence interval in brackets. An upper limit that is NaN was not reached; both NaN: there is none."""
    if math.isnan(low) and math.isnan(high):
        return f"({NO_INTERVAL})"
    lower = NOT_ESTIMABLE if math.isnan(low) else write(low)
    upper = NOT_REACHED if math.isnan(high) else write(high)
    return f"({between(lower, upper)})"


def undefined(reason: str) -> Printed:
    """What stands in place of a number that does not exist: "not reached", or "not estimable" and why."""
    if reason in (NOT_REACHED, HIDDEN):
        return Printed(reason, missing=reason == HIDDEN)
    why = reason.removeprefix(NOT_ESTIMABLE).lstrip(": ")
    return Printed(NOT_ESTIMABLE, f"({why})" if why else "", missing=True)


@dataclass(frozen=True, slots=True)
class Clock:
    """The unit in which times are shown. Results are in months; the cohort says how many days a month has."""

    unit: TimeUnit
    days_per_month: float

    @property
    def per_month(self) -> float:
        """How many of the unit make a month."""
        return {"months": 1.0, "weeks": self.days_per_month / 7, "days": self.days_per_month}[self.unit]

    @property
    def abbreviation(self) -> str:
        return {"months": "mo", "weeks": "wk", "days": "d"}[self.unit]

    def number(self, months: float) -> str:
        """One decimal, days whole."""
        return decimal(months * self.per_month, 0 if self.unit == "days" else 1)

    def spoken(self, months: float) -> str:
        """ "9.0 months"."""
        return f"{self.number(months)} {self.unit}"

    def tick(self, months: float) -> str:
        """A time that somebody chose, such as a tick or a milestone: whole where it is whole."""
        value = months * self.per_month
        return decimal(value, 0 if abs(value - round(value)) < 0.05 else 1)


def quantile(q: Quantile, clock: Clock) -> Printed:
    """12.4 (8.2–16.6), 12.4 (8.2–not reached), not reached (8.2–not reached), not estimable (reason)."""
    if not math.isnan(q.estimate):
        return Printed(clock.number(q.estimate), interval(q.low, q.high, clock.number))
    if q.reason == NOT_REACHED and not math.isnan(q.low):
        return Printed(NOT_REACHED, interval(q.low, q.high, clock.number))
    return undefined(q.reason)


def rate(r: Rate) -> Printed:
    """48 % (29–65 %)."""
    if math.isnan(r.estimate):
        return undefined(r.reason)
    return Printed(percent(r.estimate), percent_interval(r.low, r.high))


def percent_interval(low: float, high: float, places: int = 0) -> str:
    """(29–65 %): the unit once."""
    if math.isnan(low) or math.isnan(high):
        return f"({NO_INTERVAL})"
    return f"({between(decimal(100 * low, places), decimal(100 * high, places))} %)"


def hazard_ratio(hr: HazardRatio) -> Printed:
    """0.29 (0.11–0.76)."""
    if math.isnan(hr.estimate):
        return undefined(hr.reason)
    return Printed(ratio(hr.estimate), interval(hr.low, hr.high, ratio))


def ratio_p(hr: HazardRatio) -> str:
    """A hazard ratio's p value; "hidden" where the ratio is."""
    return HIDDEN if hr.reason == HIDDEN else p_value(hr.p)


def mean_time(m: MeanTime, clock: Clock) -> Printed:
    """A restricted mean, or a difference of two."""
    if math.isnan(m.estimate):
        return undefined(m.reason)
    return Printed(clock.number(m.estimate), interval(m.low, m.high, clock.number))


def count(k: int, n: int) -> Printed:
    """16 (59.3): how many, and their percentage; 0 stands alone, and so does any count of nobody or of a hidden few."""
    told = n and k and shown(k) is not None
    return Printed(whole(k), f"({decimal(100 * k / n)})" if told else "", patients=k)


def counted(k: int) -> Printed:
    """A count of patients alone."""
    return Printed(whole(k), patients=k)


def proportion(p: Proportion) -> Printed:
    """59.3 % (38.8–77.6 %)."""
    if math.isnan(p.estimate):
        return undefined(p.reason)
    if is_small(p.k):
        return Printed(HIDDEN, missing=True)
    return Printed(percent(p.estimate, 1), percent_interval(p.low, p.high, 1))


def points(d: Difference) -> Printed:
    """A difference of proportions in percentage points."""
    if math.isnan(d.estimate):
        return undefined(d.reason)
    return Printed(decimal(100 * d.estimate), interval(d.low, d.high, lambda x: decimal(100 * x)))


def spread(low: float, high: float, write: Callable[[float], str], beyond: str = NOT_REACHED) -> str:
    """A range over redraws: one number where both ends print alike; an end that is not finite is `beyond`."""
    first, last = (write(x) if math.isfinite(x) else beyond for x in (low, high))
    return first if first == last else between(first, last)


def provenance(cohort: CohortRef) -> str:
    """What the rows are, for badges, footnotes, slides and documents."""
    if cohort.provenance == "reconstructed":
        return "Reconstructed from a publication · not patient data"
    if cohort.provenance == "simulated":
        return "Simulated · not patient data"
    return "Uploaded" if cohort.origin == "uploaded" else "Published data"


# Words that may open a label and lose their capital inside a sentence. A name that is not here keeps
# its own spelling: "Berlin" and "NLR" must not become "berlin" and "nLR".
_COMMON = re.compile(
    "age|all|best|brain|chemotherapy|current|duration|ever|female|former|high|histology|liver|low|male|never|no|none|not|"
    "number|performance|prior|progression|reason|response|sex|smoking|stage|time|unknown|yes"
)


def mid_sentence(name: str) -> str:
    """A label as it reads inside a sentence: "Prior therapy" becomes "prior therapy"."""
    first = re.split(r"[^A-Za-z]", name, maxsplit=1)[0]
    return name[:1].lower() + name[1:] if _COMMON.fullmatch(first[:1].lower() + first[1:]) else name


class Restricted(Protocol):
    """A view of some of a cohort's patients."""

    @property
    def cohort(self) -> CohortRef: ...
    @property
    def selection(self) -> Selection: ...


def restriction(analysis: Restricted) -> str:
    """Whom the filters leave: "only sex = M, age ≥ 65"; "" for everybody."""
    named = (f.words(mid_sentence(analysis.cohort.named(f.column))) for f in analysis.selection.where)
    return f"only {', '.join(named)}" if analysis.selection.where else ""


def plural(n: int, one: str, many: str = "") -> str:
    """ "1 patient", "27 patients"; patients and events, and nothing else, may have to be hidden."""
    counted = whole(n) if one.endswith(("patient", "event", "case")) else f"{n:,}"
    return f"{counted} {one if n == 1 else many or one + 's'}"


# Characters that turn text around or hide it: controls, and Unicode's direction marks.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&^=\"'/@:%,;?])")
_JOINER = "\u2060"  # invisible; keeps emoji codes, icons and bare addresses from being recognised after parsing


def plain(text: object) -> str:
    """One line without control characters."""
    return _UNSEEN.sub(" ", str(text)).strip()


def md_escape(text: object) -> str:
    """Text for any Markdown that Streamlit renders: no link, image, HTML, formula, emoji, icon or colour remains.

    Every ASCII punctuation mark is escaped; a joiner after ":", "@" and "www" stops what is looked for
    only after the escapes are gone.
    """
    loose = re.sub(r"(?i)(:|@|www)", rf"\1{_JOINER}", plain(text))
    return _MARKDOWN.sub(r"\\\1", loose)


_HTML = {ord(c): f"&#{ord(c)};" for c in "`*_[]$~\\!|"}


def html_escape(text: object) -> str:
    """Text for HTML, also inside a Markdown block that lets HTML through."""
    return html.escape(plain(text), quote=True).translate(_HTML)


_PLOTLY = {ord(c): f"&#{ord(c)};" for c in "&<>$%{}"}


def plotly_escape(text: object) -> str:
    """Text for Plotly, which reads some tags, $formulas$ and %{templates}."""
    return plain(text).translate(_PLOTLY)
