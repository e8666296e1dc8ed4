"""Hidden small counts are neither written nor to be derived: the rule by brute force, then every view's output."""

import csv
import io
import itertools
import json
import math
import random
import re
from dataclasses import replace
from datetime import date
from functools import cache

import docx
import pptx
import pytest

from kras_core.address import encode
from kras_core.analyse.account import analyse_account
from kras_core.analyse.models import analyse_model
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.overview_results import Characteristic, LevelCounts
from kras_core.analyse.response import analyse_response
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.subgroups import analyse_forest
from kras_core.analyse.survival import analyse
from kras_core.analyse.univariable import analyse_cox
from kras_core.cohort.model import Cohort
from kras_core.present.scenes import Scene
from kras_core.present.stage import stage
from kras_core.report.document.blocks import Document, Picture
from kras_core.report.document.content import report_document
from kras_core.report.document.page import page_html
from kras_core.report.document.tables import csv_files
from kras_core.report.document.word import docx_bytes
from kras_core.report.figures import forest_html, km_figure, under_figure
from kras_core.report.html_table import Table, counts_of
from kras_core.report.journal.figure import KINDS, render
from kras_core.report.journal.style import Style
from kras_core.report.markers.answer import forest_answer
from kras_core.report.markers.as_json import cox_json, forest_json
from kras_core.report.markers.suppressed import masked_groups, suppressed_forest
from kras_core.report.models.as_json import model_json
from kras_core.report.models.forest import model_forest_html
from kras_core.report.models.tables import model_table
from kras_core.report.models.words import model_answer
from kras_core.report.overview.as_json import overview_json
from kras_core.report.overview.suppressed import suppressed_overview
from kras_core.report.overview.tables import completeness_rows, completeness_table, follow_up_tables, table_one
from kras_core.report.overview.words import flow_html, flow_rows, overview_answer
from kras_core.report.response.as_json import response_json
from kras_core.report.response.tables import gives_away, response_tables
from kras_core.report.response.words import response_answer
from kras_core.report.safety.as_json import safety_json
from kras_core.report.safety.butterfly import butterfly_figure, safety_alt_text
from kras_core.report.safety.suppressed import suppressed_safety
from kras_core.report.safety.tables import BANDS, safety_table_of
from kras_core.report.script import script
from kras_core.report.slides.presentation import presentation
from kras_core.report.small_cells import HIDDEN, HiddenCount, Key, Sum, concealed, hiding, marks, words
from kras_core.report.survival.answer import answer, safety_answer
from kras_core.report.survival.as_json import survival_json
from kras_core.report.tables import cox_rows, forest_rows, numbers_rows, numbers_table, risk_rows, safety_rows
from kras_core.selection import By, Selection, SelectionError
from tests.cohort.files import cohort
from tests.report.guessing import has_a_second_value

LEAST = 5
DAY = date(2026, 11, 22)


# ------------------------------------------------------------------------------------------------- the rule


def possible(counts: dict[Key, int], sums: list[Sum], hidden: frozenset[Key], top: int) -> dict[Key, set[int]]:
    """Every value that each hidden cell can have for a reader who knows the rule: by enumeration."""
    keys = sorted(hidden)
    ranges = [range(1, LEAST) if 0 < counts[k] < LEAST else range(LEAST, top + 1) for k in keys]
    found: dict[Key, set[int]] = {k: set() for k in keys}
    for values in itertools.product(*ranges):
        guess = counts | dict(zip(keys, values, strict=True))
        if all(sum(guess[p] for p in s.parts) == (guess[s.total] if s.total else s.known) for s in sums):
            for key, value in zip(keys, values, strict=True):
                found[key].add(value)
    return found


def test_no_small_count_can_be_derived_from_a_row_and_its_total():
    """Rows of three parts, with the total shown: two values at least remain for every hidden small one."""
    for parts in itertools.product((0, 1, 2, 3, 4, 5, 8, 12), repeat=3):
        counts: dict[Key, int] = {(0, j): k for j, k in enumerate(parts)}
        sums = [Sum(None, tuple(counts), sum(parts))]
        hidden = concealed(counts, sums, LEAST)
        assert all((0 < k < LEAST) <= (key in hidden) for key, k in counts.items())
        if any(k >= LEAST and key not in hidden for key, k in counts.items()) or len(hidden) < sum(
            k > 0 for k in parts
        ):
            values = possible(counts, sums, hidden, 40)
            assert all(len(values[key]) > 1 for key, k in counts.items() if 0 < k < LEAST), parts


def test_no_small_count_can_be_derived_from_a_table_with_both_margins():
    drawn, checked = random.Random(1), 0
    for _ in range(150):
        rows = [[drawn.choice([0, 1, 2, 3, 6, 9, 14]) for _ in range(3)] for _ in range(2)]
        counts: dict[Key, int] = {(i, j): k for i, row in enumerate(rows) for j, k in enumerate(row)}
        counts |= {(2, j): rows[0][j] + rows[1][j] for j in range(3)}
        sums = [Sum((2, j), ((0, j), (1, j))) for j in range(3)]
        sums += [Sum(None, tuple((i, j) for j in range(3)), sum(rows[i])) for i in range(2)]
        hidden = concealed(counts, sums, LEAST)
        left = [k for key, k in counts.items() if key not in hidden and k > 0]
        guesses = math.prod(LEAST - 1 if 0 < counts[key] < LEAST else 25 for key in hidden)
        if not left or guesses > 50_000:
            continue  # all is hidden, or too many to enumerate
        checked += 1
        values = possible(counts, sums, hidden, LEAST + 24)
        assert all(len(values[key]) > 1 for key in hidden if 0 < counts[key] < LEAST), rows
    assert checked > 10


@pytest.mark.parametrize(
    ("counts", "total", "hidden"),
    [
        ((2, 10), 12, {0, 1}),  # the other would give it away
        ((2, 3, 10), 15, {0, 1}),  # two hidden ones cover each other
        ((1, 1, 10), 12, {0, 1, 2}),  # but not where both must be 1
        ((0, 10), 10, set()),
        ((6, 10), 16, set()),
    ],
)
def test_what_is_hidden_with_a_small_count(counts, total, hidden):
    cells: dict[Key, int] = {(0, j): k for j, k in enumerate(counts)}
    assert concealed(cells, [Sum(None, tuple(cells), total)], LEAST) == {(0, j) for j in hidden}


def test_without_a_total_only_the_small_ones_are_hidden():
    assert concealed({(0, 0): 2, (0, 1): 10}, [], LEAST) == {(0, 0)}


def test_sentences():
    said = "Fewer than 5 events: north (3 patients, 12 events); 2 of 9, 14 patients."
    assert words(said) == said
    with hiding(5):
        assert words(said) == "Fewer than 5 events: north (<5 patients, 12 events); <5 of 9, 14 patients."


def test_events_are_no_more_than_patients():
    """Whoever reads that 19 of a group had the event knows that it has 19 patients, and the other group the rest."""
    counts: dict[Key, int] = {(0, 0): 19, (1, 0): 1, (0, 1): 19}
    sums = [Sum(None, ((0, 0), (1, 0)), 20), Sum((0, 0), ((0, 1),), most=True)]
    assert concealed(counts, sums[:1], LEAST) == {(0, 0), (1, 0)}
    assert concealed(counts, sums, LEAST) == set(counts)


def test_where_all_is_hidden_no_mark_tells_what_is_small():
    """1 and 5 of 6 events: "<5" beside "hidden" would be 1 beside 5."""
    counts: dict[Key, int] = {(0, 0): 1, (0, 1): 5}
    assert marks(counts, [Sum(None, tuple(counts), 6)], LEAST) == {(0, 0): HIDDEN, (0, 1): HIDDEN}
    assert marks(counts | {(0, 1): 9}, [Sum(None, tuple(counts), 10)], LEAST) == {(0, 0): "<5", (0, 1): HIDDEN}


def test_no_small_group_of_a_variable_can_be_derived():
    """Patients and events of its groups, whoever lacks a value, all patients and all events known."""
    drawn = random.Random(3)
    for _ in range(300):
        n = [drawn.choice([1, 2, 3, 5, 8, 12]) for _ in range(drawn.choice([2, 3]))]
        groups = [*((k, drawn.randint(0, k)) for k in n), (20, drawn.randint(5, 15))]
        n.append(20)
        without = drawn.choice([0, 0, 1, 3, 7])
        counts: dict[Key, int] = {(i, j): k for i, g in enumerate(groups) for j, k in enumerate(g)}
        last, rows = (len(groups), 0), range(len(groups))
        counts[last] = without
        sums = [Sum((i, 0), ((i, 1),), most=True) for i in rows]
        sums.append(Sum(None, tuple((i, 1) for i in rows), sum(e for _, e in groups)))
        sums.append(Sum(None, (*((i, 0) for i in rows), last), sum(n) + without))
        with hiding(LEAST):
            found, missing = masked_groups(groups, without, sum(n) + without)
        shown = {(i, j): k for i, g in enumerate(found) for j, k in enumerate(g)} | {last: missing}
        hidden = {key: k.text for key, k in shown.items() if isinstance(k, HiddenCount)}
        for key in (key for key, k in counts.items() if 0 < k < LEAST):
            assert key in hidden
            assert has_a_second_value(counts, sums, hidden, key, LEAST, 40), (groups, without)


# ------------------------------------------------------------------------------------------------ the views


def few() -> Cohort:
    """Forty simulated patients in two wards, with counts of 1 to 4 in every table."""
    rows = [
        {
            "patient_id": f"SIM-{i:02d}",
            "age": str(45 + i),
            "sex": "F" if i in (1, 5, 22) else "M",
            "stage": "IIIB" if i in (3, 30) else "IVA" if i % 2 else "IVB",
            "tp53": "" if i in (7, 8) else str(int(i in (2, 4, 25))),
            "ward": "north" if i < 20 else "south",
            "os_months": f"{2 + 1.1 * (i % 20):.1f}",
            "os_event": str(int(i % 5 != 0)) if i < 20 else str(int(i in (21, 24, 33))),
            "best_response": "CR" if i in (0, 21, 22) else ["PR", "SD", "PD"][i % 3],
        }
        for i in range(40)
    ]
    events = [{"patient_id": f"SIM-{i:02d}", "term": "Rash", "grade": str(3 if i in (2, 9) else 1)} for i in range(11)]
    events += [{"patient_id": f"SIM-{i:02d}", "term": "Pneumonitis", "grade": "5"} for i in (24, 33)]
    return cohort(rows, events)


COHORT = few()
SELECTION = Selection(cohort=COHORT.digest, endpoint="os", by=(By("ward"),))


def counts_written(table: Table) -> list[str]:
    """The cells of a table that begin with a count from 1 to 4."""
    texts = [text for row in table.text_rows() for text in list(row.values())[1:]]
    return [text for text in texts if re.match(r"[1-4](?:$| \(| of )", text)]


def tables() -> dict[str, list[Table]]:
    overview, response = analyse_overview(COHORT, SELECTION), analyse_response(COHORT, SELECTION, confirmed_only=False)
    return {
        "overview": [table_one(overview), table_one(overview, whole=True), completeness_table(overview)],
        "follow-up": list(follow_up_tables(overview)),
        "response": list(response_tables(response)),
        "safety": [safety_table_of(analyse_safety(COHORT, SELECTION))],
    }


@pytest.mark.parametrize("view", ["overview", "follow-up", "response", "safety"])
def test_no_small_count_is_written_in_a_table(view):
    assert any(counts_written(table) for table in tables()[view]), "the test's cohort has none to hide"
    with hiding(5):
        hidden = tables()[view]
        assert [counts_written(table) for table in hidden] == [[]] * len(hidden)
        html = "".join(table.html() for table in hidden)
        assert "&lt;5" in html
        assert not re.search(r'kras-value">[1-4]</span>', html)


def test_no_small_count_can_be_derived_within_a_view():
    with hiding(5):
        for table in (t for found in tables().values() for t in found):
            counts, hidden = counts_of(table.rows), table.hides
            for s in (s for s in table.sums if not s.most):
                unknown = [k for k in (*s.parts, *([s.total] if s.total else [])) if k in hidden]
                assert len(unknown) != 1 or not 0 < counts[unknown[0]] < 5


def test_safety_hides_what_bands_and_groups_would_give_away():
    with hiding(5):
        rash, *_ = [row for row in safety_rows(analyse_safety(COHORT, SELECTION)) if row["Adverse event"] == "Rash"]
        text = " ".join(rash.values())
    # 11 of any grade, 9 of grade 1–2: 2 of grade ≥ 3 would follow.
    assert "9 (" not in text and HIDDEN in text and "<5" in text


def test_survival_hides_events_the_numbers_at_risk_and_hover():
    analysis = analyse(COHORT, SELECTION)
    assert analysis.strata[1].events == 3
    shown = [row["south"] for row in numbers_rows(analysis) if row.get("Quantity") == "Events"]
    assert shown == ["3"]
    with hiding(5):
        events = next(row for row in numbers_rows(analysis) if row.get("Quantity") == "Events")
        assert events["south"] == "<5" and events["north"] == HIDDEN
        at_risk = [text for row in risk_rows(analysis) for text in list(row.values())[1:]]
        assert "<5" in at_risk and not {"1", "2", "3", "4"} & set(at_risk)
        assert not any("(" in text or "[" in text for text in at_risk)
        under = under_figure(analysis)
        assert (re.findall(r">([1-4]) <small>", under) == [] and "&#60;5" in under) or "<5 <small>" in under
        hover = [point[1] for trace in km_figure(analysis)["data"] for point in trace.get("customdata", [])]
        assert "<5" in hover and not {"1", "2", "3", "4"} & set(hover)
        assert not re.search(r">[1-4]<", numbers_table(analysis))
        assert not re.search(r"\b[1-4] (events?|patients?)\b", answer(analysis).text)


def test_words_and_flow_of_the_other_views():
    overview = analyse_overview(COHORT, SELECTION)
    response = analyse_response(COHORT, SELECTION, confirmed_only=False)
    assert not gives_away(response)
    with hiding(5):
        assert gives_away(response) and len(response_tables(response)) == 1
        said = [overview_answer(overview), response_answer(response), safety_answer(analyse_safety(COHORT, SELECTION))]
        for found in said:
            assert not re.search(r"\b[1-4] (of|CR|PR|SD|PD|events?|patients?|\()", found.text), found.text
        missing = {row["Variable"]: row for row in completeness_rows(overview)}["TP53 mutated"]
        assert (missing["Known"], missing["Missing"]) == (HIDDEN, "<5")
        assert not re.search(r"n = [1-4]\b|\b[1-4] out", flow_html(overview))
        assert flow_rows(overview) == [] or "2" not in {row["Left out"] for row in flow_rows(overview)}


def test_nothing_is_hidden_unless_asked_for():
    before = json.dumps([table.text_rows() for found in tables().values() for table in found])
    with hiding(0):
        assert json.dumps([table.text_rows() for found in tables().values() for table in found]) == before
    assert "<5" not in before and HIDDEN not in before


# --------------------------------------------------------------------------------------------- what leaves the screen


def _words_of_slides(content: bytes) -> str:
    """All text of a file of slides, the notes to the speaker and alternative texts too, but not a chart's data."""
    slides = pptx.Presentation(io.BytesIO(content)).slides
    parts = [p._element for slide in slides for p in (slide, slide.notes_slide)]
    cells = [
        t.text or "" for part in parts for t in part.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}t")
    ]
    described = [e.get("descr", "") for part in parts for e in part.iter() if e.get("descr")]
    return "\n".join([*cells, *described])


def _small(text: str) -> list[str]:
    """Counts from 1 to 4 in a text: alone on a line or in brackets, before a percentage, of patients and events."""
    text = re.sub(r"from 1 to 4 patients|fewer than 5", "", text)
    found = re.findall(r"^[1-4]$|(?<![\d.,–<-])[1-4] \(\d+\.\d\)| [(\[][1-4][)\]]|response [1-4]\b", text, re.MULTILINE)
    return found + re.findall(r"(?<![\d.,–<-])[1-4] (?:patients?|events?|of \d|out\b|PR|CR|SD|PD)\b", text)


@cache
def _shown() -> tuple:
    overview, response = analyse_overview(COHORT, SELECTION), analyse_response(COHORT, SELECTION, confirmed_only=False)
    return analyse(COHORT, SELECTION), analyse_safety(COHORT, SELECTION), overview, response


@pytest.mark.parametrize("view", range(4))
def test_no_small_count_is_in_a_slide(view):
    shown = _shown()[view]
    assert _small(_words_of_slides(presentation([shown], on=DAY))), "the test's slide has none to hide"
    with hiding(5):
        said = _words_of_slides(presentation([shown], on=DAY))
    assert _small(said) == []
    assert "<5" in said and "(censored)" not in said


def test_no_small_count_is_in_the_words_of_a_figure():
    survival, safety, _, response = _shown()
    drawn = KINDS["km"].draw(survival, Style())
    assert _small("\n".join(t.get_text() for t in drawn.figure.texts))
    with hiding(5):
        drawn = KINDS["km"].draw(survival, Style())
        texts = [t.get_text().strip() for t in drawn.figure.texts]
        assert _small("\n".join(texts)) == [] and "<5" in texts and "At risk" in texts
        for analysis, kind in ((response, "response"), (response, "waterfall")):
            with pytest.raises(ValueError, match="small ones are hidden"):
                render(analysis, kind, "svg", Style())
        assert render(survival, "km", "svg", Style())
        texts = [
            t.get_text().strip() for axes in KINDS["butterfly"].draw(safety, Style()).figure.axes for t in axes.texts
        ]
        assert _small("\n".join(texts)) == [] and "<5" in texts


def test_no_small_count_is_in_the_report_nor_in_its_files():
    def texts(document: Document) -> str:
        word = docx.Document(io.BytesIO(docx_bytes(document)))
        cells = [c.text for t in word.tables for row in t.rows[1:] for c in row.cells[1:]]
        read = (list(csv.reader(io.StringIO(data.decode("utf-8-sig")))) for data in csv_files(document).values())
        files = [cell for lines in read for line in lines[1:] for cell in line[1:]]
        return "\n".join([*cells, *(p.text for p in word.paragraphs), *files])

    account = analyse_account(COHORT, SELECTION)
    sections = ("flow", "table1", "survival", "response", "safety", "models", "limitations")
    assert _small(texts(report_document(account, DAY, sections)))
    with hiding(5):
        document = report_document(account, DAY, sections)
    said = texts(document)  # written when the block is left: what is hidden is gone
    assert _small(said) == [] and "<5" in said
    assert sum(isinstance(b, Picture) for s in document.sections for b in s.blocks) == 2  # no best responses
    assert not re.search(r"kras-value\">[1-4]</span>", page_html(document))


@pytest.mark.parametrize(
    ("page", "figure"),
    [("survival", ""), ("safety", ""), ("response", "bars"), ("overview", "table"), ("overview", "flow")],
)
def test_no_small_count_is_on_the_stage(page, figure):
    scene = Scene(page, "Of 3 patients", {k: [v] if isinstance(v, str) else v for k, v in
                  encode(COHORT, SELECTION).items()}, figure, "2 patients responded")  # fmt: skip
    with hiding(5):
        staged = stage(scene, COHORT)
        cells = [
            re.sub(r"<[^>]+>", "", c).strip() for c in re.findall(r"<(?:td|span|b)\b.*?</(?:td|span|b)>", staged.below)
        ]
        said = "\n".join([staged.title, staged.sentence, staged.under, staged.alt, *cells])
        assert _small(said) == [] and "<5" in said
        if staged.figure is not None:
            hover = [str(p[1]) for trace in staged.figure["data"] for p in trace.get("customdata", [])]
            assert not {"1", "2", "3", "4"} & set(hover)


def test_single_patients_and_small_groups_do_not_leave():
    address = {k: [v] if isinstance(v, str) else v for k, v in encode(COHORT, SELECTION.but(by=(By("stage"),))).items()}
    with hiding(5):
        for page, figure in (("response", "swimmer"), ("response", "waterfall")):
            with pytest.raises(SelectionError, match="small counts are hidden"):
                stage(Scene(page, "", address, figure), COHORT)
        with pytest.raises(SelectionError, match="fewer than 5 patients"):
            stage(Scene("survival", "", address), COHORT)
        with pytest.raises(SelectionError, match="fewer than 5 patients"):
            presentation([analyse(COHORT, SELECTION.but(by=(By("stage"),)))], on=DAY)
        with pytest.raises(SelectionError, match="fewer than 5 patients"):
            report_document(analyse_account(COHORT, SELECTION.but(by=(By("stage"),))), DAY)


# --------------------------------------------------------------------------------------------- JSON, bars, forests


@cache
def _forests() -> tuple:
    everybody = SELECTION.but(by=())
    forest = analyse_forest(COHORT, SELECTION, ("sex", "stage", "tp53"))
    alone = analyse_cox(COHORT, everybody, ("sex", "stage", "tp53", "age"))
    return forest, alone, analyse_model(COHORT, everybody, ("sex", "tp53", "ward"), "sd")


def _json() -> dict[str, dict]:
    survival, safety, overview, response = _shown()
    forest, alone, model = _forests()
    return {
        "survival": survival_json(survival),
        "safety": safety_json(safety),
        "overview": overview_json(overview),
        "response": response_json(response),
        "forest": forest_json(forest),
        "cox": cox_json(alone),
        "model": model_json(model),
    }


COUNTS = {"n", "events", "k", "missing", "known", "at_risk", "not_recorded", "unconfirmed", "responders", "ended",
          "dropped", "dropped_for_this_alone", "CR", "PR", "SD", "PD", "NE"}  # fmt: skip


def _small_counts(found: object, name: str = "") -> list[tuple[str, object]]:
    """Names and values of counts from 1 to 4 in a JSON value, and sentences with such a count."""
    if isinstance(found, dict):
        return [hit for key, value in found.items() if key != "level" for hit in _small_counts(value, key)]
    if isinstance(found, list):
        return [hit for value in found for hit in _small_counts(value, name)]
    if isinstance(found, str):
        return [(name, hit) for hit in _small(found)]
    return [(name, found)] if name in COUNTS and isinstance(found, int | float) and 0 < found < LEAST else []


@pytest.mark.parametrize("view", ["survival", "safety", "overview", "response", "forest", "cox", "model"])
def test_no_small_count_is_in_the_json(view):
    before = _json()[view]
    assert _small_counts(before) and "hidden_below" not in before, "the test's cohort has none to hide"
    with hiding(5):
        found = json.loads(json.dumps(_json()[view]))
    assert found["hidden_below"] == 5 and next(iter(found)) == "hidden_below"
    assert _small_counts(found) == []
    assert _json()[view] == before


def test_what_would_tell_of_hidden_counts_is_not_in_the_json():
    with hiding(5):
        found = _json()
    for row in found["safety"]["rows"]:
        assert (row["n"] is None) == (row["percent"] is None) == (row["ci"] == [None, None])
    groups = [r for r in found["safety"]["rows"] if r["stratum"] and r["grade"] in ("any", ">=3")]
    hidden = {r["term"] for r in groups if r["n"] is None}
    assert hidden and hidden.isdisjoint(c["term"] for c in found["safety"]["comparisons"])
    for stratum in found["survival"]["strata"]:
        assert stratum["events"] is None and stratum["median"] is None and stratum["rmst"]["estimate"] is None
        assert all(rate["estimate"] is None for rate in stratum["rates"])
    assert found["survival"]["hazard_ratio"][0]["ci"] == [None, None] and found["survival"]["rmst_difference"] is None
    assert found["survival"]["overall"]["events"] == 19
    tp53 = next(c for c in found["overview"]["characteristics"] if c["column"] == "tp53")
    assert tp53["overall"]["n"] is None and all(level["percent"] is None for level in tp53["overall"]["levels"])
    assert tp53["difference"] is None
    assert found["response"]["groups"][0]["rates"] == [] and found["response"]["target_lesions"] is None
    for row in (found["forest"]["overall"], *(row for f in found["forest"]["factors"] for row in f["subgroups"])):
        assert row["hazard_ratio"] is None and row["weight"] == 0


def test_the_json_hides_what_the_table_hides():
    _, safety, *_ = _shown()
    with hiding(5):
        rows = {row["Adverse event"]: list(row.values())[1:] for row in safety_rows(safety)}
        cells: dict[str, list] = {}
        for cell in safety_json(safety)["rows"]:
            cells.setdefault(cell["term"], []).append(cell)
    for term, listed in cells.items():
        listed.sort(key=lambda c: ([None, "north", "south"].index(c["stratum"]), BANDS.index(c["grade"])))
        in_table = [text in ("<5", HIDDEN) for text in rows[term][: len(listed)]]
        assert in_table == [c["n"] is None for c in listed]


def test_no_small_count_of_adverse_events_can_be_derived():
    """By search over all tables that a reader must think possible, in simulated cohorts of two and three groups."""
    drawn, checked = random.Random(11), 0
    for trial in range(12):
        n, wards = drawn.choice([24, 40]), ("north", "south", "west")[: 2 + trial % 2]
        rows = [{"patient_id": f"SIM-{i:02d}", "ward": wards[i % len(wards)], "os_months": "5", "os_event": "1"}
                for i in range(n)]  # fmt: skip
        events = [
            {"patient_id": f"SIM-{i:02d}", "term": term, "grade": str(drawn.choice([1, 1, 2, 3, 5]))}
            for term in ("Rash", "Nausea")
            for i in drawn.sample(range(n), drawn.randint(3, n // 2))
        ]
        of = cohort(rows, events)
        analysis = analyse_safety(of, Selection(cohort=of.digest, endpoint="os", by=(By("ward"),)))
        with hiding(LEAST):
            found = {row.term: row for row in suppressed_safety(analysis).rows}
        for row in analysis.rows:
            counts, sums = _cells_and_sums(row)
            shown, _ = _cells_and_sums(found[row.term])
            hidden = {key: k.text for key, k in shown.items() if isinstance(k, HiddenCount)}
            for key in (key for key, k in counts.items() if 0 < k < LEAST):
                checked += 1
                assert key in hidden
                assert has_a_second_value(counts, sums, hidden, key, LEAST, n), (row.term, counts)
    assert checked > 100


def _cells_and_sums(row) -> tuple[dict[Key, int], list[Sum]]:
    """By (band, group), everybody first; said anew, as a reader would."""
    bands, groups = ["any", "1-2", ">=3", "3-4", "5"], len(row.cells["any"])
    counts: dict[Key, int] = {}
    for b, band in enumerate(bands):
        counts |= {(b, g): p.k for g, p in enumerate((row.overall[band], *row.cells[band]))}
    sums = [Sum((b, 0), tuple((b, g) for g in range(1, groups + 1))) for b in range(len(bands))]
    for g in range(groups + 1):
        sums += [Sum((0, g), ((1, g), (2, g))), Sum((2, g), ((3, g), (4, g)))]
    return counts, sums


def test_bars_are_of_shown_counts_alone():
    _, safety, *_ = _shown()
    with hiding(5):
        figure, alt = butterfly_figure(safety), safety_alt_text(safety)
        cells = {row.term: row for row in suppressed_safety(safety).rows}
    assert _small(alt) == []
    hover = [says for trace in figure["data"] if trace["type"] == "bar" for _, says in trace["customdata"]]
    assert any(hover) and _small("\n".join(hover)) == []
    drawn = {(trace["hovertemplate"], term): abs(x) for trace in figure["data"] if trace["type"] == "bar"
             for x, (term, _) in zip(trace["x"], trace["customdata"], strict=True) if x}  # fmt: skip
    for (heading, term), _ in drawn.items():
        group = 0 if "north" in heading else 1
        assert any(not isinstance(cells[term].cells[band][group].k, HiddenCount) for band in ("any", ">=3"))
    texts = [text.strip() for trace in figure["data"] if trace["type"] == "scatter" for text in trace["text"]]
    assert "<5" in texts and HIDDEN in texts and not [text for text in texts if re.match(r"[1-4](?: |$)", text)]
    assert any("Hidden counts have no bar" in note["text"] for note in figure["layout"]["annotations"])


def test_no_small_count_is_in_forests_and_models():
    forest, alone, model = _forests()
    with hiding(5):
        rows = [*forest_rows(forest), *cox_rows(alone), *model_table(model).text_rows()]
        cells = [text for row in rows for text in row.values()]
        html = forest_html(forest) + model_forest_html(model)
        said = [forest_answer(forest).text, model_answer(model).text]
    plain = re.sub(r"<[^>]+>", "\n", html)
    assert re.findall(r"\b[1-4](?=/)|(?<=/)[1-4]\b", "\n".join([*cells, plain])) == []
    assert _small("\n".join([*said, *cells])) == []
    assert not any("kras-whisker" in line for line in forest_html_rows(html, "Female"))


def forest_html_rows(html: str, name: str) -> list[str]:
    return [row for row in html.split("<tr") if f">{name}<" in row]


def test_an_estimate_goes_with_few_patients_or_hidden_events():
    forest, *_ = _forests()
    with hiding(5):
        found = suppressed_forest(forest)
    for row in (found.overall, *(row for f in found.factors for row in f.rows)):
        counts = [k for arm in row.arms for k in (arm.n, arm.events)]
        assert not any(0 < k < 5 for k in counts)
        if any(isinstance(arm.events, HiddenCount) for arm in row.arms):
            assert row.ratio is None and not row.weight
    assert found.overall.arms[1].n == 20  # the groups' sizes are shown


def test_no_small_count_of_a_forest_can_be_derived():
    forest, *_ = _forests()
    with hiding(5):
        found = suppressed_forest(forest)
    rows, shown = ((f.overall, *(row for factor in f.factors for row in factor.rows)) for f in (forest, found))
    counts: dict[Key, int] = {(i, 2 * a + j): k for i, row in enumerate(rows) for a, arm in enumerate(row.arms)
                              for j, k in enumerate((arm.n, arm.events))}  # fmt: skip
    hidden = {(i, 2 * a + j): k.text for i, row in enumerate(shown) for a, arm in enumerate(row.arms)
              for j, k in enumerate((arm.n, arm.events)) if isinstance(k, HiddenCount)}  # fmt: skip
    sums = [Sum((i, j), ((i, j + 1),), most=True) for i in range(len(rows)) for j in (0, 2)]
    sums.append(Sum(None, ((0, 1), (0, 3)), 19))
    start = 1
    for factor in forest.factors:
        parts = range(start, start + len(factor.rows))
        whole = [sum(counts[i, j] for i in parts) for j in range(4)]
        sums += [
            Sum((0, j), tuple((i, j) for i in parts)) if whole[j] == counts[0, j]
            else Sum(None, tuple((i, j) for i in parts), whole[j])
            for j in range(4)
        ]  # fmt: skip
        start += len(factor.rows)
    for key in (key for key, k in counts.items() if 0 < k < LEAST):
        assert key in hidden
        assert has_a_second_value(counts, sums, hidden, key, LEAST, 20), key


@pytest.mark.parametrize("language", ["python", "r"])
def test_a_script_holds_no_count(language):
    of = replace(COHORT, origin="uploaded")
    before = script(of, _shown()[0], language)
    with hiding(5):
        text = script(of, _shown()[0], language)
    assert text == before  # nothing had to be hidden
    assert _small("\n".join(line for line in text.splitlines() if line.startswith("#"))) == []


def test_no_small_count_of_table_one_can_be_derived():
    """All levels of a characteristic, of those without a row in the table too, and whoever has no value."""
    _, _, overview, _ = _shown()
    with hiding(5):
        found = suppressed_overview(overview).characteristics
    checked = 0
    for before, after in zip(overview.characteristics, found, strict=True):
        if not before.levels:
            continue
        counts, shown = _levels(before), _levels(after)
        rows, sizes = range(len(before.levels) + 1), (overview.n, *overview.sizes)
        sums = [Sum(None, tuple((i, j) for i in rows), size) for j, size in enumerate(sizes)]
        sums += [Sum((i, 0), tuple((i, j) for j in range(1, len(sizes)))) for i in rows]
        hidden = {key: k.text for key, k in shown.items() if isinstance(k, HiddenCount)}
        for key in (key for key, k in counts.items() if 0 < k < LEAST):
            checked += 1
            assert key in hidden
            assert has_a_second_value(counts, sums, hidden, key, LEAST, 40), (before.column, key)
    assert checked > 5


def _levels(c: Characteristic) -> dict[Key, int]:
    """Patients by (level, group), missing last, everybody first."""
    cells = [cell for cell in (c.overall, *c.cells) if isinstance(cell, LevelCounts)]
    return {(i, j): k for j, cell in enumerate(cells) for i, k in enumerate((*cell.counts, cell.missing))}
