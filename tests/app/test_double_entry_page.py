"""Double entry in the app: the example is compared, settled with reasons, and becomes the cohort."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from kras_core.cohort.double_entry import Resolution, compare, example
from tests.app.tab import Tab


def opened() -> AppTest:
    """The page alone, in a session that shows a bundled cohort."""

    def script() -> None:
        import runpy

        from kras_core.address import default_selection
        from kras_core.cohort.bundled import DEFAULT, load
        from pages.shared import session

        session.set_view(load(DEFAULT), default_selection(load(DEFAULT)))
        runpy.run_path("pages/data/double_entry.py")

    return AppTest.from_function(script, default_timeout=60).run()


def test_the_example_is_compared_and_marked_as_simulated() -> None:
    app = opened()
    app.button(key="entry_example").click().run()
    assert not app.exception
    text = " ".join(m.value for m in app.markdown)
    assert "4 disagreements in 49 cells" in text
    assert any("Simulated" in h.body for h in app.get("html"))  # type: ignore[attr-defined]
    held = app.session_state["entries"]
    assert held["resolutions"] == {} and held["simulated"]
    app.button(key="entry_forget").click().run()
    assert "entries" not in app.session_state


def test_what_is_settled_is_kept_and_becomes_a_simulated_cohort() -> None:
    app = opened()
    app.button(key="entry_example").click().run()
    drafts = {(d.patient, d.field): ("A", "source") for d in compare(*example()).disagreements}
    held = app.session_state["entries"]
    held["drafts"] = drafts
    del app.session_state["grid:1:rows"]  # as after a change of page
    app.run()
    assert app.session_state["entries"]["resolutions"] == dict.fromkeys(drafts, Resolution("A", "source"))
    app.button(key="entry_use").click().run()
    assert not app.exception
    (cohort,) = app.session_state["uploads"].values()
    assert (cohort.provenance, cohort.n, cohort.title) == ("simulated", 8, "Double entry")


def test_two_files_in_a_browser(page: Tab, tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text("patient_id,age\nSIM-1,60\nSIM-2,61\n")
    b.write_text("patient_id,age\nSIM-1,60.0\nSIM-2,62\n")
    page.open("/double-entry")
    inputs = page.page.locator("[data-testid=stFileUploader] input[type=file]")
    for i, path in enumerate((a, b)):
        with page.rerun():
            inputs.nth(i).set_input_files(str(path))
    page.page.wait_for_selector("text=1 disagreement in 2 cells")
    page.page.wait_for_selector("text=0 of 1 disagreements resolved")
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="Audit trail, CSV").click()
    lines = Path(got.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[1] == "SIM-2,age,3,61,3,62,open,,"
