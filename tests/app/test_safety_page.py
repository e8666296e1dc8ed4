"""The Safety page in a browser: its own choices are in the address like the rest of the view."""

from tests.app.tab import Tab


def rows(page: Tab) -> list[str]:
    return [cell.strip() for cell in page.page.locator(".kras-safety tbody th").all_inner_texts()]


def test_an_address_holds_the_pages_own_choices(page: Tab) -> None:
    page.open("/safety?minimum=20&order=term")
    shown = rows(page)
    assert page.page.locator(".st-key-minimum input[type=range]").input_value() == "20"
    assert "minimum=20" in page.page.url and "order=term" in page.page.url
    with page.rerun():
        page.page.locator(".st-key-reset button").click()
    page.settle()
    assert page.page.locator(".st-key-minimum input[type=range]").input_value() == "0"
    assert "minimum" not in page.page.url and "order" not in page.page.url
    assert set(rows(page)) > set(shown)


def test_a_choice_moved_by_hand_is_written_and_means_nothing_elsewhere(page: Tab) -> None:
    page.open("/safety?minimum=999&order=loudest")  # invalid values fall away
    assert "minimum" not in page.page.url and "order" not in page.page.url
    with page.rerun():
        page.page.locator(".st-key-minimum input[type=range]").press("ArrowRight")
    page.settle()
    assert "minimum=1" in page.page.url
    with page.rerun():
        page.page.get_by_role("link", name="Survival", exact=True).click()
    page.settle()
    assert "minimum" not in page.page.url
    with page.rerun():
        page.page.get_by_role("link", name="Safety", exact=True).click()
    page.settle()
    assert "minimum=1" in page.page.url
