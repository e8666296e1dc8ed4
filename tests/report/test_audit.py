"""An audit as page lines, document, CSV and JSON: the same findings, escaped, with their arithmetic."""

import csv
import io
import json
import re
from datetime import date

import pytest

from kras_core.audit.audit import AuditReport, audit
from kras_core.audit.claims import bundled_claims, claims_of
from kras_core.audit.findings import Bar, Picture
from kras_core.audit.quantities import QUANTITIES
from kras_core.cohort.bundled import load
from kras_core.report.audit.as_json import audit_json
from kras_core.report.audit.blocks import audit_blocks
from kras_core.report.audit.document import audit_document
from kras_core.report.audit.html import (
    audit_head,
    built_in,
    claim_lines,
    counts_sentence,
    drawer,
    picture_html,
    strip,
    subject,
)
from kras_core.report.audit.tables import audit_rows, blank_rows, checks_table, claim_rows, quantities_table
from kras_core.report.csv_out import csv_bytes
from kras_core.report.document.word import docx_bytes
from kras_core.report.format import plain
from tests.report.document_reader import Page, word, word_grids


@pytest.fixture(scope="module")
def report() -> AuditReport:
    claims = bundled_claims("sintilimab-anlotinib")
    assert claims is not None
    return audit(claims, load("sintilimab-anlotinib"))


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_strip_counts_every_claim(report: AuditReport) -> None:
    counted = {v: int(n) for n, v in re.findall(r"<b>(\d+)</b>([a-z ]+)", strip(report))}
    assert counted == {v: n for v, n in report.counts.items() if n}
    assert sum(counted.values()) == len(report.entries)
    assert counts_sentence(report).startswith(f"{len(report.entries)} printed figures: 2 impossible")


def test_one_line_a_claim_what_matters_first(report: AuditReport) -> None:
    html = claim_lines(report.by_attention)
    assert html.count("<details") == len(report.entries)
    verdicts = re.findall(r'<summary>.*?<span class="kras-verdict [\w-]+">([a-z ]+)</span>', html)
    assert verdicts[:2] == ["impossible", "impossible"] and verdicts[-1] == "not recomputable"
    assert "kras-drawer" not in html and len(html.encode()) < 100_000  # drawers are sent when they are opened
    first = html[: html.index("</details>")]
    assert "changes the conclusion" in first and "0.20–0.89" in first and "Results, efficacy" in first


def test_a_drawer_has_arithmetic_assumption_ways_out_and_picture(report: AuditReport) -> None:
    unfolded = text(drawer(next(e for e in report.entries if e.claim.id == "os-hr-ci")))
    for words in (
        "√(1/6 + 1/21) = 0.463",
        "Rests on:",
        "It would be right with:",
        "A 90 % interval",
        "Tightest possible",
    ):
        assert words in unfolded


def test_reconstructed_rows_are_said_to_be(report: AuditReport) -> None:
    assert "reconstructed from this publication" in text(audit_head(report))
    said = built_in(report)
    assert "agreement with them was built in" in said
    assert "0.15–0.56" in said and "0.20–0.89" in said and "7.96" not in said
    example = bundled_claims("ncctg-lung")
    assert example is not None and built_in(audit(example, load("ncctg-lung"))) == ""


def test_the_document_stands_alone_and_stays_polite(report: AuditReport) -> None:
    document = audit_document(report)
    assert document.startswith("<!doctype html>") and document.rstrip().endswith("</html>")
    assert "http://" not in document and "https://" not in document and "<script" not in document
    words = text(document.partition("<body>")[2]).lower()
    assert not {"error by", "fraud", "fabricat", "wrong", "mistake", "manipulat"} & set(words.split())
    assert "no reproach" in words and "it would be right with" in words
    for entry in report.entries:
        assert entry.claim.place.lower() in words
    assert words.count("12.4 lies above") == 1 + 5  # in full once, and in every line of the table


def test_user_text_is_escaped_everywhere() -> None:
    evil = '<img src=x onerror="alert(1)">'
    rows = [
        {"id": evil, "quantity": "share", "printed": "5 (50)", "n": "10", "place": evil, "wording": evil, "level": evil}
    ]
    report = audit(claims_of(rows, evil))
    for html in (claim_lines(report.entries), drawer(report.entries[0]), audit_head(report), audit_document(report)):
        assert "<img" not in html and 'onerror="' not in html
    assert b"<img" in csv_bytes(audit_rows(report))  # text in CSV, where it is none


def test_csv_has_a_row_a_finding(report: AuditReport) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_bytes(audit_rows(report)).decode("utf-8-sig"))))
    assert len(rows) == len(report.findings)
    assert {r["verdict"] for r in rows} <= set(report.counts)
    impossible = [r for r in rows if r["verdict of the check"] == "impossible"]
    assert len(impossible) == 2 and all("SE ≥" in r["arithmetic"] and r["would be right with"] for r in impossible)


def test_json_is_plain_and_complete(report: AuditReport) -> None:
    found = audit_json(report)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(found["findings"]) == len(report.findings) and len(found["claims"]) == len(report.entries)
    for f in found["findings"]:
        assert f["id"] and f["verdict"] and f["check"] and f["statement"]


def test_tables_that_explain() -> None:
    assert "Floor under the standard error" in checks_table().html()
    assert [row.head for row in quantities_table().rows] == list(QUANTITIES)
    assert set(blank_rows(2)[0].values()) == {""}


def test_the_grid_round_trips() -> None:
    example = bundled_claims("ncctg-lung")
    assert example is not None
    assert claims_of(claim_rows(example), "grid").rows == example.rows


@pytest.mark.parametrize("log", [False, True])
def test_bars_stay_on_their_axis(log: bool) -> None:
    bars = (Bar("Printed", 0.2, 0.89, True, 0.42), Bar("Possible", 0.17, float("1.04"), False))
    html = picture_html(Picture(bars, 1.0, log, "hazard ratio"))
    lefts = [float(x) for x in re.findall(r"left:([\d.]+)%", html)]
    widths = [float(x) for x in re.findall(r"width:([\d.]+)%", html)]
    assert all(0 <= x <= 100 for x in lefts) and all(0 < w <= 100 for w in widths)
    assert html.count("kras-ink") == 1 and html.count("kras-possible") == 1
    assert 'aria-label="Printed 0.200–0.890; Possible 0.170–1.04"' in html


def test_subjects_are_words(report: AuditReport) -> None:
    words = {e.claim.id: subject(e.claim) for e in report.entries}
    assert words["os-hr-ci"] == "Interval of a hazard ratio: OS, Prior anti-angiogenic therapy, No prior"
    assert words["pfs-plr-high"] == "Median survival: PFS, PLR at 176.33, high"


def test_word_says_what_the_page_says(report: AuditReport) -> None:
    """Every figure with its verdict, and of those that do not fit every step and every explanation."""
    data = docx_bytes(audit_blocks(report, date(2024, 3, 4)))
    grids = word_grids(data)
    listed = next(g for g in grids if g[0][:2] == ["Figure", "Printed"])
    assert [(r[1], r[3]) for r in listed[1:]] == [(plain(e.claim.printed), e.verdict) for e in report.entries]
    words = "\n".join(p.text for p in word(data).paragraphs)
    page = Page(audit_document(report)).words
    for entry in (e for e in report.entries if e.verdict in ("impossible", "inconsistent")):
        for finding in entry.findings:
            for said in (finding.statement, *finding.steps, *finding.ways_out):
                assert plain(said) in words and plain(said) in page
