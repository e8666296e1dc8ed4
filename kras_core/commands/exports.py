"""slides: a PowerPoint file. figure: a figure for a journal. What is written is the view that the flags describe."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from kras_core.cohort.model import Cohort
from kras_core.commands.view import Refused, add_endpoint_arguments, add_view_arguments, cohort_of, selection_of
from kras_core.selection import By, Selection, SelectionError

CONTENT = ("survival", "safety", "table1", "response")
KINDS = ("km", "butterfly", "forest", "response", "waterfall")


def add(commands: Any) -> None:
    slides = commands.add_parser("slides", help="PowerPoint slides with editable charts and real tables")
    _add_view(slides)
    slides.add_argument("--out", required=True, metavar="FILE", help="the .pptx to write")
    slides.add_argument("--template", metavar="FILE", help="a .pptx or .potx whose layouts and theme are used")
    slides.add_argument(
        "--content", type=_content, metavar="PART[,PART…]", help=f"of {', '.join(CONTENT)} (default: all)"
    )
    slides.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the day in the footers (default: today)")
    slides.set_defaults(run=_slides)
    figure = commands.add_parser("figure", help="a figure for a journal: SVG, PDF, TIFF or PNG")
    _add_view(figure)
    figure.add_argument("--out", required=True, metavar="FILE", help="its ending says the format: .svg .pdf .tiff .png")
    figure.add_argument("--kind", choices=KINDS, default="km", help="default: km")
    figure.add_argument("--width", default="single", metavar="WIDTH", help="single, one-and-half, double, or mm")
    figure.add_argument("--dpi", type=int, default=600, help="of TIFF and PNG (default: 600)")
    figure.add_argument("--grey", action="store_true", help="no colour")
    figure.set_defaults(run=_figure)


def _add_view(parser: argparse.ArgumentParser) -> None:
    add_view_arguments(parser)
    add_endpoint_arguments(parser)


def _content(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [part for part in parts if part not in CONTENT]
    if unknown or not parts:
        raise argparse.ArgumentTypeError(f"{text!r}: choose of {', '.join(CONTENT)}")
    return parts


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-11-22") from None


def _slides(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.report.slides.presentation import TemplateError, presentation

    cohort = cohort_of(arguments)
    selection = selection_of(arguments, cohort)
    shown, skipped = {}, {}
    for part in arguments.content or CONTENT:
        try:
            shown[part] = _analysis(part, cohort, selection)
        except SelectionError as refusal:
            if arguments.content:
                raise
            skipped[part] = str(refusal)
    if not shown:
        raise Refused("; ".join(f"{part}: {reason}" for part, reason in skipped.items()))
    template = Path(arguments.template).read_bytes() if arguments.template else None
    try:
        content = presentation(list(shown.values()), on=arguments.date or date.today(), template=template)
    except TemplateError as refusal:
        raise Refused(f"{arguments.template}: {refusal}") from None
    Path(arguments.out).write_bytes(content)
    return {"file": arguments.out, "bytes": len(content), "content": list(shown), "skipped": skipped}


def _analysis(part: str, cohort: Cohort, selection: Selection) -> Any:
    """The analysis of a part of the slides, or of a kind of figure."""
    if part in ("survival", "km"):
        from kras_core.analyse.survival import analyse

        return analyse(cohort, selection)
    if part in ("safety", "butterfly"):
        from kras_core.analyse.safety import analyse_safety

        if cohort.adverse_events is None:
            raise SelectionError("this cohort has no adverse events")
        return analyse_safety(cohort, selection)
    if part == "table1":
        from kras_core.analyse.overview import analyse_overview

        return analyse_overview(cohort, selection)
    if part == "forest":
        from kras_core.analyse.subgroups import analyse_forest

        by = selection.by or ((By(cohort.default_by),) if cohort.default_by else ())
        return analyse_forest(cohort, selection.but(by=by))
    from kras_core.analyse.response import analyse_response

    return analyse_response(cohort, selection)


def _figure(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.report.journal.figure import render
    from kras_core.report.journal.files import FORMATS
    from kras_core.report.journal.style import WIDTHS, Style

    ending = Path(arguments.out).suffix.lower().removeprefix(".")
    format = "tiff" if ending == "tif" else ending
    if format not in FORMATS:
        raise Refused(f"--out {arguments.out}: end it in {', '.join(f'.{f}' for f in FORMATS)}")
    cohort = cohort_of(arguments)
    analysis = _analysis(arguments.kind, cohort, selection_of(arguments, cohort))
    try:
        width = WIDTHS[arguments.width] if arguments.width in WIDTHS else float(arguments.width)
        style = Style(width, arguments.dpi, arguments.grey)
        content = render(analysis, arguments.kind, format, style)
    except ValueError as refusal:
        if arguments.width not in WIDTHS and "could not convert" in str(refusal):
            raise Refused(f"--width {arguments.width!r}: write {', '.join(WIDTHS)}, or millimetres") from None
        raise Refused(str(refusal)) from None
    Path(arguments.out).write_bytes(content)
    return {"file": arguments.out, "bytes": len(content), "kind": arguments.kind, "width_mm": width}
