"""Slide and figure of what a page shows. Each has a button that opens a dialog with its few choices; the file is made
on the click that downloads it, off the script's thread, while that button turns."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import streamlit as st

from kras_core.report.imprint import Exported
from kras_core.report.small_cells import hiding, threshold
from pages.shared import session

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
# As in kras_core.report.journal, which is imported on export only.
FORMATS = {"pdf": "PDF", "svg": "SVG", "tiff": "TIFF", "png": "PNG"}
MIME = {"pdf": "application/pdf", "svg": "image/svg+xml", "tiff": "image/tiff", "png": "image/png"}
WIDTHS = {"single": "Single column, 85 mm", "one-and-half": "One and a half, 120 mm", "double": "Double, 178 mm"}
INKS = {"colour": "Colour", "grey": "Greyscale"}
KINDS = {
    "km": "Kaplan–Meier",
    "butterfly": "Adverse events",
    "forest": "Subgroups",
    "response": "Best response",
    "waterfall": "Waterfall",
}


def slide(analysis: Exported, name: str, key: str) -> None:
    """A button for the page's slide, in the house's own look or in a template of the user's."""
    if st.button("Slide …", icon=":material/co_present:", key=f"slide{key}"):
        _slide(analysis, name, session.noted(), threshold())


@st.dialog("Slide")
def _slide(analysis: Exported, name: str, comparison: str, least: int) -> None:
    """least: the smallest count shown, as when the button was drawn: a dialog runs again without the page."""
    st.caption("Native PowerPoint, 16:9: curves are a chart with its data inside, tables are tables.")
    template = _template()
    st.download_button(
        "PowerPoint",
        partial(_presentation, analysis, comparison, template, least),
        file_name=f"{name}.pptx",
        mime=PPTX,
        on_click="ignore",
        icon=":material/download:",
        type="primary",
        key="slide_file",
    )


def _presentation(analysis: Exported, comparison: str, template: bytes | None, least: int) -> bytes:
    from kras_core.report.slides.presentation import presentation

    with hiding(least):
        return presentation([analysis], on=date.today(), comparison=comparison, template=template)  # type: ignore[list-item]


def _template() -> bytes | None:
    """The session's template; kept beside the widget, which forgets its file when the dialog closes."""
    kept: tuple[str, bytes] | None = st.session_state.get("house_template")
    if kept is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Template: {kept[0]}")
            st.button("Without it", key="no_template", type="tertiary", on_click=_forget_template)
        return kept[1]
    file = st.file_uploader(
        "House template (optional)",
        type=["pptx", "potx"],
        key="template",
        help="Its layouts, fonts and colours are used, its slides are not. It stays in this session.",
    )
    if file is None:
        return None
    from kras_core.report.slides.presentation import TemplateError, check

    content = file.getvalue()
    try:
        check(content)
    except TemplateError as refusal:
        st.error(str(refusal))
        return None
    st.session_state["house_template"] = (file.name, content)
    return content


def _forget_template() -> None:
    st.session_state.pop("house_template", None)


def figure(analysis: Exported, kinds: Sequence[str], name: str, key: str) -> None:
    """A button for the page's figure for a journal."""
    if st.button("Figure …", icon=":material/image:", key=f"figure{key}"):
        _figure(analysis, kinds, name, threshold())


@st.dialog("Figure for a journal")
def _figure(analysis: Exported, kinds: Sequence[str], name: str, least: int) -> None:
    """Kind where there are several, format, width, ink, resolution. least: as of a slide."""
    kind = _choose("Figure", kinds, KINDS, "figure_kind") if len(kinds) > 1 else kinds[0]
    format = _choose("Format", list(FORMATS), FORMATS, "figure_format")
    width = st.selectbox("Width", list(WIDTHS), format_func=WIDTHS.__getitem__, key="figure_width")
    ink = _choose("Ink", list(INKS), INKS, "figure_ink")
    dots = format in ("tiff", "png")
    dpi = st.select_slider("Dots an inch", (300, 450, 600), 600, key="figure_dpi", disabled=not dots)
    st.download_button(
        FORMATS[format],
        _rendering(analysis, kind, format, (width, dpi, ink == "grey"), least),
        file_name=f"{name}-{kind}.{format}",
        mime=MIME[format],
        on_click="ignore",
        icon=":material/download:",
        type="primary",
        key="figure_file",
    )


def _choose(label: str, options: Sequence[str], names: dict[str, str], key: str) -> str:
    return st.segmented_control(
        label, options, default=options[0], required=True, format_func=names.__getitem__, key=key
    )


def _rendering(
    analysis: Exported, kind: str, format: str, of: tuple[str, int, bool], least: int
) -> Callable[[], bytes]:
    def render() -> bytes:
        from kras_core.report.journal import figure
        from kras_core.report.journal.style import WIDTHS as MILLIMETRES
        from kras_core.report.journal.style import Style

        width, dpi, grey = of
        with hiding(least):
            return figure.render(analysis, kind, format, Style(MILLIMETRES[width], dpi, grey))

    return render
