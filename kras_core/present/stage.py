"""A scene as it fills a screen: title, figure, one sentence.

A stage is a small page of its own, some 470 pixels high, that the browser magnifies to the window (`stylesheet`): type,
lines and marks grow together, so that what is legible on a desk is legible from six metres. A figure gets the height
that title and sentence leave, and where its rows do not fit, the first of them are shown and that is said.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from kras_core.address import Mismatch, decode, decode_stratifier, mismatches
from kras_core.analyse.ledger import forest_looks, overview_looks, response_looks, safety_looks, survival_looks
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.response import analyse_response
from kras_core.analyse.results import Look
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.subgroups import analyse_forest, default_factors, offered_factors
from kras_core.analyse.survival import analyse
from kras_core.cohort.model import Cohort
from kras_core.present.scenes import Scene
from kras_core.report import format as fmt
from kras_core.report.forest import forest_table_html
from kras_core.report.html_table import Table
from kras_core.report.imprint import group_sizes, withheld
from kras_core.report.markers.answer import forest_answer
from kras_core.report.overview.tables import table_one
from kras_core.report.overview.words import flow_html, overview_answer
from kras_core.report.palette import Theme
from kras_core.report.plain_words import plain_words
from kras_core.report.response.figure import response_figure
from kras_core.report.response.patient_figures import swimmer_figure, swimmer_orders, waterfall_figure
from kras_core.report.response.tables import response_tables
from kras_core.report.response.words import (
    response_alt_text,
    response_answer,
    swimmer_alt_text,
    waterfall_alt_text,
)
from kras_core.report.safety.butterfly import butterfly_figure, safety_alt_text
from kras_core.report.small_cells import refuse, threshold, words
from kras_core.report.survival.answer import Answer, answer, safety_answer
from kras_core.report.survival.km_figure import alt_text, km_figure
from kras_core.report.survival.km_frame import Json
from kras_core.report.survival.km_labels import text_width
from kras_core.report.survival.km_under import risk_table_html
from kras_core.selection import Selection, SelectionError

# What shows single patients or counts that cannot be hidden one by one: page and figure of it.
HIDES = "Small counts are hidden."
WITHHELD = (("response", "swimmer"), ("response", "waterfall"))

T = TypeVar("T")
Keep = Callable[[object, Callable[[], T]], T]

SCREEN = (1920, 1080)
MAGNIFIED = 2.3  # 13 pixels of the interface's type are 30 on a screen of 1080 lines
LEAST = 2.0  # never less, where a figure is high
SIDE = 18  # pixels of air beside it
NAMES = 112  # pixels beside the curves for the names in the table under them (the style sheets' --names)
TITLE, SENTENCE, LEAST_TYPE = 21.0, 16.0, 11.0  # pixels of type; long ones get smaller before they run over
BESIDE_SENTENCE = 60  # pixels for the scene's number, and for words that do not break
AROUND = 128  # pixels of the stage for title, badge, sentence and air
ROW_OF_RISK, ROW_OF_TABLE, HEAD_OF_TABLE, HEAD_OF_FOREST = 20, 25, 66, 46


@dataclass(frozen=True, slots=True)
class Staged:
    """What is on the stage. figure: Plotly's JSON, None where `below` (HTML) is all. under: provenance, n and method.
    looks: the comparisons it shows. magnified: how many times larger than on a page, on a screen of 1920 × 1080."""

    title: str
    where: str
    under: str
    sentence: str
    figure: Json | None
    below: str
    alt: str
    provenance: str
    mismatches: tuple[Mismatch, ...]
    looks: tuple[Look, ...] = ()
    magnified: float = MAGNIFIED

    @property
    def size(self) -> tuple[int, int]:
        """The stage's own width and height in pixels."""
        return (round(SCREEN[0] / self.magnified), round(SCREEN[1] / self.magnified))


def stage(scene: Scene, cohort: Cohort, *, theme: Theme = "light", keep: Keep[Any] | None = None) -> Staged:
    """The scene of this cohort's data. Raises SelectionError where the cohort cannot answer it.

    keep(key, make): where results are remembered; by default nowhere."""
    view = _View(cohort, decode(cohort, scene.address), _first(scene.address), theme, keep or (lambda _, make: make()))
    if threshold() and (scene.page, scene.shows) in WITHHELD:
        raise SelectionError("This scene shows single patients, and small counts are hidden.")
    staged = _STAGES[scene.page](view, scene.shows)
    title = scene.title if scene.title and scene.title != staged.title else staged.title
    figure = staged.figure
    if figure is not None:
        beside = NAMES if scene.page == "survival" else 0
        figure = {**figure, "layout": {**figure["layout"], "width": staged.size[0] - 2 * SIDE - beside}}
    return replace(
        staged,
        figure=figure,
        title=words(title),
        sentence=words(scene.sentence or staged.sentence),
        mismatches=mismatches(cohort, scene.address),
    )


@dataclass(frozen=True, slots=True)
class _View:
    cohort: Cohort
    selection: Selection
    options: Mapping[str, str]
    theme: Theme
    keep: Keep[Any]

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        known = list(allowed)
        found = self.options.get(key, "")
        return found if found in known else known[0]


def _first(address: Mapping[str, list[str]]) -> dict[str, str]:
    return {key: values[0] for key, values in address.items() if values}


def _staged(said: Answer, analysis: Any, n: str, method: str, **more: Any) -> Staged:
    refuse(group_sizes(analysis))
    badge = fmt.provenance(analysis.cohort)
    under = " · ".join(part for part in (badge, analysis.cohort.title, n, method) if part)
    parts: dict[str, Any] = {"figure": None, "below": "", "alt": "", "sentence": plain_words(analysis)} | more
    origin = "uploaded" if (analysis.cohort.origin, analysis.cohort.provenance) == ("uploaded", "real") else ""
    return Staged(
        said.title, said.where, under, provenance=origin or analysis.cohort.provenance, mismatches=(), **parts
    )  # fmt: skip


def _room(magnified: float = MAGNIFIED) -> int:
    """Pixels of the stage that are left for the figure."""
    return round(SCREEN[1] / magnified) - AROUND


def _survival(view: _View, shows: str) -> Staged:
    analysis = view.keep(("survival", view.selection), lambda: analyse(view.cohort, view.selection))
    rows = min(len(analysis.redraws.strata if analysis.redraws else analysis.strata) or 1, 8)
    magnified = MAGNIFIED if rows <= 4 else LEAST
    height = _room(magnified) - (rows + 1) * ROW_OF_RISK - 8
    figure = km_figure(analysis, theme=view.theme, height=height)
    level = fmt.percent(analysis.selection.conventions.confidence)
    method = "range over redraws" if analysis.redraws else f"Kaplan–Meier, pointwise {level} band"
    said = answer(analysis)
    counted = "" if analysis.redraws else f"{fmt.plural(analysis.overall.events, 'event')} in {analysis.overall.n}"
    below = risk_table_html(analysis, theme=view.theme)
    return _staged(
        said, analysis, counted, method, figure=figure, below=below, alt=alt_text(analysis), magnified=magnified,
        looks=survival_looks(view.cohort, analysis),
    )  # fmt: skip


def _response(view: _View, shows: str) -> Staged:
    confirmed = view.options.get("confirmed") == "yes" and "response_confirmed" in view.cohort.patients
    key = ("response", view.selection, confirmed)
    analysis = view.keep(key, lambda: analyse_response(view.cohort, view.selection, confirmed_only=confirmed))
    if shows == "waterfall" and analysis.change_reason:
        raise SelectionError(f"No waterfall plot: this cohort {analysis.change_reason}.")
    level = fmt.percent(analysis.selection.conventions.confidence)
    if shows == "waterfall":
        figure, alt, method = waterfall_figure(analysis, theme=view.theme), waterfall_alt_text(analysis), ""
    elif shows == "bars" and withheld(analysis, "response"):
        return _counts(response_answer(analysis), analysis, response_tables(analysis)[0])
    elif shows == "bars":
        figure, alt = response_figure(analysis, theme=view.theme), response_alt_text(analysis)
        method = f"RECIST 1.1, {level} intervals by Clopper–Pearson"
    else:
        order = view.choice("swimmer", swimmer_orders(analysis.courses))
        figure, alt = swimmer_figure(analysis, order=order, theme=view.theme), swimmer_alt_text(analysis)
        figure["layout"]["yaxis"]["showticklabels"] = False  # nobody reads names from there
        figure["layout"]["margin"]["l"] = 12
        for note in figure["layout"]["annotations"]:
            note["xshift"] = -10
        method = "one bar a patient"
    n = f"n = {analysis.overall.n}" if not analysis.overall.ranges else ""
    figure = _fitted(figure, fmt.provenance(analysis.cohort), foot=26 if shows == "bars" else 44)
    sentence = _with_alive(view, plain_words(analysis))
    more: dict[str, Any] = {"figure": figure, "alt": alt, "sentence": sentence, "looks": response_looks(analysis)}
    return _staged(response_answer(analysis), analysis, n, method, **more)


def _with_alive(view: _View, said: str) -> str:
    """How many responded, and until when half of all were alive: what a tumor board asks in one breath."""
    if "os" not in view.cohort.endpoints or view.selection.analysis != "naive":
        return said
    selection = view.selection.but(endpoint="os", by=())
    overall = view.keep(("survival", selection), lambda: analyse(view.cohort, selection))
    if overall.redraws is not None:
        return said
    half = plain_words(overall).split(" patients ", 1)[-1]
    return said.replace("controlled.", f"controlled; {half}", 1)


def _safety(view: _View, shows: str) -> Staged:
    minimum = _number(view.options.get("minimum", ""), 0, 50)
    key = ("safety", view.selection, minimum)
    analysis = view.keep(key, lambda: analyse_safety(view.cohort, view.selection, minimum=float(minimum)))
    order = view.choice("order", ("frequency", "severe", "term"))
    most, total = (_room() - 56 - 30) // 30, len(analysis.rows)
    figure = butterfly_figure(analysis, theme=view.theme, order=order, most=most)
    figure = _fitted(figure, fmt.provenance(analysis.cohort), foot=30)
    method = "worst grade of each patient" + (f", the first {most} of {total} rows" if total > most else "")
    more: dict[str, Any] = {"figure": figure, "alt": safety_alt_text(analysis), "looks": safety_looks(analysis)}
    more |= {"sentence": HIDES} if threshold() else {}
    return _staged(safety_answer(analysis), analysis, f"n = {analysis.n}", method, **more)


def _counts(said: Answer, analysis: Any, table: Table) -> Staged:
    """The first rows of a table in place of bars that could not hide small counts."""
    shown, most = table.shown(), (_room(LEAST) - HEAD_OF_TABLE) // ROW_OF_TABLE
    below = replace(shown, rows=shown.rows[:most], notes=()).html()
    total = len(shown.rows)
    cut = f"the first {most} of {total} rows" if total > most else ""
    return _staged(said, analysis, "", cut, below=below, magnified=LEAST, sentence=HIDES)


def _number(text: str, low: int, high: int) -> int:
    return min(max(int(text), low), high) if text.isascii() and text.isdigit() else low


def _subgroups(view: _View, shows: str) -> Staged:
    cohort, selection = view.cohort, view.selection
    offered = offered_factors(cohort, selection)
    asked = [decode_stratifier(cohort, part) for part in view.options.get("subgroups", "").split(",") if part]
    factors = tuple(id for id in asked if id in offered) or tuple(default_factors(cohort, selection))
    analysis = view.keep(
        ("forest", selection, factors, None), lambda: analyse_forest(cohort, selection, factors, None)
    )  # fmt: skip
    kept, left = [], (_room(LEAST) - HEAD_OF_FOREST) // ROW_OF_TABLE - 1
    for factor in analysis.factors:
        if len(factor.rows) + 1 > left:
            break
        kept.append(factor)
        left -= len(factor.rows) + 1
    cut = f", the first {len(kept)} of {len(analysis.factors)} factors" if len(kept) < len(analysis.factors) else ""
    method = f"Cox model, {fmt.percent(selection.conventions.confidence)} intervals, unadjusted{cut}"
    below, looks = forest_table_html(replace(analysis, factors=tuple(kept))), forest_looks(analysis)
    more: dict[str, Any] = {"below": below, "magnified": LEAST, "looks": looks}
    more |= {"sentence": HIDES} if threshold() else {}
    return _staged(forest_answer(analysis), analysis, "", method, **more)


def _overview(view: _View, shows: str) -> Staged:
    tested = view.options.get("tested") == "yes"
    key = ("overview", view.selection, tested)
    analysis = view.keep(key, lambda: analyse_overview(view.cohort, view.selection, p_values=tested))
    said, looks = overview_answer(analysis), overview_looks(analysis)
    if shows == "flow":
        high = 110 * len(analysis.flow.steps) + 150
        magnified = min(MAGNIFIED, SCREEN[1] / (AROUND + high))
        return _staged(said, analysis, "", "flow of patients", below=flow_html(analysis), magnified=magnified)
    spread = view.choice("spread", ("range", "iqr", "sd"))
    table = table_one(analysis, spread).shown()
    starts = [i for i, row in enumerate(table.rows) if not row.indented] + [len(table.rows)]
    most = (_room(LEAST) - HEAD_OF_TABLE) // ROW_OF_TABLE
    fits = max((start for start in starts if start <= most), default=most)
    shown, total = sum(start < fits for start in starts[:-1]), len(starts) - 1
    cut = f", the first {shown} of {total} characteristics" if shown < total else ""
    below = replace(table, rows=table.rows[:fits], notes=()).html()
    method = f"characteristics at the start{cut}"
    return _staged(said, analysis, "", method, below=below, magnified=LEAST, looks=looks)


_STAGES: dict[str, Callable[[_View, str], Staged]] = {
    "survival": _survival,
    "response": _response,
    "safety": _safety,
    "subgroups": _subgroups,
    "overview": _overview,
}


def _fitted(figure: Json, badge: str, foot: int) -> Json:
    """The figure at the stage's height, without its footnote: the badge stands under the title."""
    layout = figure["layout"]
    notes = [a for a in layout.get("annotations", ()) if badge not in a["text"]]
    margin = {**layout["margin"], "b": foot}
    return {**figure, "layout": {**layout, "annotations": notes, "margin": margin, "height": _room()}}


def _fitting(text: str, most: float, width: float) -> float:
    """Pixels of type at which the text has room, never below LEAST_TYPE."""
    return round(min(most, max(LEAST_TYPE, width / (1.04 * text_width(text, 1.0) + 1e-9))), 1)


def stage_head(staged: Staged) -> str:
    """Title, and under it where the rows are from, n and method, as HTML."""
    where = f' <span class="kras-where">{fmt.html_escape(staged.where)}</span>' if staged.where else ""
    size = _fitting(f"{staged.title} {staged.where}", TITLE, staged.size[0] - 2 * SIDE)
    kind = f"kras-badge kras-{staged.provenance}"
    return (
        f'<header class="kras-stage-head"><h1 style="font-size:{size}px">{fmt.html_escape(staged.title)}{where}</h1>'
        f'<p class="{kind}">{fmt.html_escape(staged.under)}</p></header>'
    )


def stage_foot(staged: Staged, place: str) -> str:
    """The sentence, what does not hold of a scene's address, and which scene of how many, as HTML."""
    doubts = " ".join(m.message for m in staged.mismatches)
    warned = f'<p class="kras-stage-doubt">{fmt.html_escape(doubts)}</p>' if doubts else ""
    size = _fitting(staged.sentence, SENTENCE, 2 * (staged.size[0] - 2 * SIDE - BESIDE_SENTENCE))
    return (
        f'<footer class="kras-stage-foot"><p style="font-size:{size}px">{fmt.html_escape(staged.sentence)}</p>{warned}'
        f'<span aria-hidden="true">{fmt.html_escape(place)}</span></footer>'
    )


def stylesheet(size: tuple[int, int]) -> str:
    """CSS: the stage magnified to the window and in its middle, over everything else of the page.

    tan(atan2(a, b)) is how CSS divides two lengths into a number. The registered properties make it work in browsers
    that cannot mix units there; their brackets are escaped, because Streamlit drops a style element with a "<".
    Around a chart the magnification is taken back and given again within: Streamlit sizes it by what it measures
    on the screen."""
    width, height = size
    small = max(12.5, round(28.0 * width / SCREEN[0], 1))
    return f"""
@property --kras-wide {{ syntax: "\\3C length\\3E "; inherits: true; initial-value: 0px; }}
@property --kras-high {{ syntax: "\\3C length\\3E "; inherits: true; initial-value: 0px; }}
[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stExpandSidebarButton] {{ display: none !important; }}
body, [data-testid=stMain] {{ overflow: hidden !important; }}
.st-key-stage {{ --kras-wide: 100vw; --kras-high: 100vh;
  --kras-larger: min(tan(atan2(var(--kras-wide), {width}px)), tan(atan2(var(--kras-high), {height}px)));
  position: fixed !important; left: 50%; top: 50%; width: {width}px !important; height: {height}px; overflow: hidden;
  transform: translate(-50%, -50%) scale(var(--kras-larger)); z-index: 1000000; background: var(--kras-paper);
  box-shadow: 0 0 0 200vmax var(--kras-paper); padding: 12px 18px; gap: 0 !important; color: var(--kras-ink); }}
.st-key-stage .kras-stage-head h1 {{ line-height: 26px; font-weight: 600; margin: 0; padding: 0;
  color: var(--kras-ink); }}
.st-key-stage .kras-stage-head :is(h1, p) {{ white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.st-key-stage .kras-stage-head .kras-where {{ font-weight: 400; color: var(--kras-quiet); }}
.st-key-stage .kras-badge {{ font-size: {small}px; margin: 2px 0 6px; }}
.st-key-stage .kras-stage-foot {{ position: fixed; left: 18px; right: 18px; bottom: 8px; padding-right: 44px; }}
.st-key-stage .kras-stage-foot p {{ margin: 0; line-height: 20px; color: var(--kras-ink); text-wrap: pretty; }}
.st-key-stage .kras-stage-foot .kras-stage-doubt {{ color: var(--kras-warning); font-size: 12.5px; line-height: 15px; }}
.st-key-stage .kras-stage-foot span {{ position: absolute; right: 0; bottom: 0; color: var(--kras-quiet);
  font-size: 12.5px; }}
.st-key-stage_figure.st-key-stage_figure {{ gap: 0; }}
.st-key-stage [data-testid=stFullScreenFrame] {{ transform: scale(calc(1 / var(--kras-larger)));
  transform-origin: 0 0; }}
.st-key-stage :is([data-testid=stFullScreenFrame], .stPlotlyChart, .js-plotly-plot) {{ overflow: visible !important; }}
.st-key-stage .js-plotly-plot {{ transform: scale(var(--kras-larger)); transform-origin: 0 0; pointer-events: none; }}
.st-key-stage .kras-scroll {{ overflow: hidden; }}
.st-key-stage .kras-caption {{ font-size: 12.5px; margin: 0 0 4px; }}
.st-key-stage :is(.kras-table, .kras-flow, .kras-forest small, .kras-scale) {{ font-size: 14px !important; }}
.st-key-stage .kras-forest tbody th {{ white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.st-key-stage .kras-flow {{ max-width: none; }}
.st-key-stage .kras-out, .st-key-stage .kras-never {{ font-size: 13px !important; }}
.st-key-stage_keys {{ position: fixed !important; right: 12px; bottom: 34px; width: auto !important; opacity: 0;
  background: var(--kras-panel); padding: 4px 8px; }}
.st-key-stage_keys:is(:hover, :focus-within) {{ opacity: 1; }}
"""
