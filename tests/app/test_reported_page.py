"""Reported figures in a real browser: what is counted, filtered, unfolded, searched, written and downloaded."""

import re
from pathlib import Path

from kras_core.audit.audit import audit
from kras_core.audit.claims import bundled_claims
from kras_core.cohort.bundled import load
from tests.app.tab import Tab
from tests.app.view import choose, fold, upload


def counts(tab: Tab) -> dict[str, int]:
    spans = tab.page.locator(".kras-strip span").all_inner_texts()
    return {m[2]: int(m[1]) for t in spans if (m := re.fullmatch(r"(\d+)\s*(.+)", fold(t)))}


def lines(tab: Tab) -> list[str]:
    return [fold(t) for t in tab.page.locator(".kras-proof > summary").all_inner_texts()]


def test_the_page_shows_what_the_core_finds(page: Tab) -> None:
    page.open("/reported")
    claims = bundled_claims("sintilimab-anlotinib")
    assert claims is not None
    report = audit(claims, load("sintilimab-anlotinib"))
    assert counts(page) == {v: n for v, n in report.counts.items() if n}
    shown = lines(page)
    assert len(shown) == len(report.entries)
    assert shown[0].startswith("0.20–0.89 impossible") and "changes the conclusion" in shown[0]


def test_filters_narrow_the_list(page: Tab) -> None:
    page.open("/reported")
    choose(page, "verdict", "Rounding only: 7")
    assert len(lines(page)) == 7 and all("rounding only" in line for line in lines(page))
    choose(page, "place", "Table 2")
    assert len(lines(page)) == 1 and lines(page)[0].startswith("16 (59.2)")
    choose(page, "verdict", "All verdicts")
    choose(page, "check", "“Any” row of adverse events")
    assert len(lines(page)) == 2


def test_the_address_holds_the_filters(page: Tab) -> None:
    page.open("/reported?verdict=impossible")
    assert len(lines(page)) == 2
    choose(page, "check", "Floor under the standard error")
    assert "check=se-floor" in page.page.url and "verdict=impossible" in page.page.url
    page.open("/reported?verdict=nonsense&check=1")
    assert len(lines(page)) > 100


def test_a_line_unfolds_to_its_arithmetic(page: Tab) -> None:
    page.open("/reported")
    proof = page.page.locator(".kras-proof").first
    drawer = proof.locator(".kras-drawer")
    assert drawer.count() == 0
    with page.rerun():
        proof.locator("summary").click()
    drawer.wait_for()
    assert "SE ≥ √(1/6 + 1/21) = 0.463" in fold(drawer.inner_text())
    ink = proof.locator(".kras-track i").first.bounding_box()
    assert ink is not None and ink["width"] > 50


def test_another_cohort_brings_its_own_publication(page: Tab) -> None:
    page.open("/reported")
    choose(page, "cohort", "NCCTG advanced lung cancer")
    assert counts(page) == {"reproduced": 14}


def test_searches_run_when_asked(page: Tab) -> None:
    page.open("/reported")
    with page.rerun():
        page.page.get_by_role("radio", name="Searches", exact=True).click()
    assert "0.00" not in page.page.locator(".kras-check").first.inner_text()
    with page.rerun():
        page.page.get_by_role("button", name="Run all searches").click()
    said = fold(" ".join(page.page.locator(".kras-check").all_inner_texts()))
    assert "Most extreme found" in said and "A search is no proof" in said
    assert "Smallest over all 296,010 orders" in said
    assert "One early loss is the fewest" in said


def test_ones_own_claims_from_the_worked_example(page: Tab) -> None:
    page.open("/reported")
    with page.rerun():
        page.page.get_by_text("My own claims").click()
    assert lines(page) == []
    with page.rerun():
        page.page.get_by_role("button", name="Fill in the worked example").click()
    assert sum(counts(page).values()) == 14 and "impossible" not in counts(page)
    choose(page, "cohort", "NCCTG advanced lung cancer")
    if not page.page.locator(".st-key-claims_against input").is_checked():
        with page.rerun():
            page.page.locator(".st-key-claims_against label").click()
    assert counts(page) == {"reproduced": 14}


def test_a_bad_file_of_claims_names_the_cell(page: Tab, tmp_path: Path) -> None:
    page.open("/reported")
    with page.rerun():
        page.page.get_by_text("My own claims").click()
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("id,quantity,printed\na,median,12.4\nb,median,twelve\n")
    good.write_text("id,quantity,endpoint,printed,n\na,share,,16 (59.2),27\n")
    upload(page, bad)
    said = fold(page.page.locator(".kras-problems").inner_text())
    assert "row 3, column printed" in said and "twelve" in said
    upload(page, good)
    assert counts(page) == {"rounding only": 1}


def test_the_report_can_be_taken_away(page: Tab) -> None:
    page.open("/reported")
    with page.rerun():
        page.page.get_by_role("radio", name="Report", exact=True).click()
    with page.page.expect_download() as document:
        page.page.get_by_role("button", name="Report, document (HTML)").click()
    html = Path(document.value.path()).read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") and "0.170–1.041" in html
    with page.page.expect_download() as table:
        page.page.get_by_role("button", name="Findings, CSV").click()
    assert "os-hr-ci" in Path(table.value.path()).read_text(encoding="utf-8-sig")
