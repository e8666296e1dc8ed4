"""Slide and figure of what a page shows. Both are made on the click that downloads them, off the script's thread:
an open popover draws its few widgets, a closed one nothing."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import streamlit as st

from kras_core.report.imprint import Exported
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
    """The page's slide, in the house's own look or a template that the session was given."""
    with (popover := st.popover("Slide", icon=":material/co_present:", on_change="rerun", key=f"slide{key}")):
        if not popover.open:
            return
        template = _template(key)
        st.download_button(
            "PowerPoint",
            partial(_presentation, analysis, session.noted(), template),
            file_name=f"{name}.pptx",
            mime=PPTX,
            on_click="ignore",
            icon=":material/download:",
            type="primary",
            key=f"pptx{key}",
        )
        st.caption("The curves are a chart with its data inside, the tables are tables.")


def _presentation(analysis: Exported, comparison: str, template: bytes | None) -> bytes:
    from kras_core.report.slides.presentation import presentation

    return presentation([analysis], on=date.today(), comparison=comparison, template=template)  # type: ignore[list-item]


def _template(key: str) -> bytes | None:
    """The session's template; kept beside the widget, which forgets its file when the popover closes."""
    kept: tuple[str, bytes] | None = st.session_state.get("house_template")
    if kept is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Template: {kept[0]}")
            st.button("Without", key=f"no_template{key}", type="tertiary", on_click=_forget_template)
        return kept[1]
    file = st.file_uploader(
        "House template (optional)",
        type=["pptx", "potx"],
        key=f"template{key}",
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
    """The page's figure for a journal: kind where there are several, format, width, ink, resolution."""
    with (popover := st.popover("Figure", icon=":material/image:", on_change="rerun", key=f"figure{key}")):
        if not popover.open:
            return
        kind = _choose("Figure", kinds, KINDS, f"figure_kind{key}") if len(kinds) > 1 else kinds[0]
        format = _choose("Format", tuple(FORMATS), FORMATS, f"figure_format{key}")
        width = st.selectbox(
            "Width", list(WIDTHS), format_func=WIDTHS.__getitem__, key=f"figure_width{key}", persist_state="session"
        )
        ink = _choose("Ink", tuple(INKS), INKS, f"figure_ink{key}")
        dpi = 600
        if format in ("tiff", "png"):
            dpi = st.select_slider(
                "Dots an inch", (300, 450, 600), value=600, key=f"figure_dpi{key}", persist_state="session"
            )
        st.download_button(
            FORMATS[format],
            _rendering(analysis, kind, format, (width, dpi, ink == "grey")),
            file_name=f"{name}-{kind}.{format}",
            mime=MIME[format],
            on_click="ignore",
            icon=":material/download:",
            type="primary",
            key=f"figure_file{key}",
        )


def _choose(label: str, options: Sequence[str], names: dict[str, str], key: str) -> str:
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        format_func=names.__getitem__,
        key=key,
        persist_state="session",
    )


def _rendering(analysis: Exported, kind: str, format: str, of: tuple[str, int, bool]) -> Callable[[], bytes]:
    def render() -> bytes:
        from kras_core.report.journal import figure
        from kras_core.report.journal.style import WIDTHS as MILLIMETRES
        from kras_core.report.journal.style import Style

        width, dpi, grey = of
        return figure.render(analysis, kind, format, Style(MILLIMETRES[width], dpi, grey))

    return render
