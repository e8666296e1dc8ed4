"""report: one document of a view, with its tables; script: the view redone from the data file."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from kras_core.cohort.model import Cohort
from kras_core.commands.view import Refused, add_endpoint_arguments, add_view_arguments, cohort_of, selection_of

FORMATS = (".docx", ".html", ".pdf")


def add(commands: Any) -> None:
    parser = commands.add_parser("report", help="methods, patients, survival, response and safety as one document")
    add_view_arguments(parser)
    add_endpoint_arguments(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="a name ending in .docx, .html or .pdf")
    parser.add_argument(
        "--tables", type=Path, metavar="PATH", help="every table too: a folder for CSV, or a .xlsx file"
    )
    parser.add_argument("--sections", metavar="ID[,ID]", help="only these sections (default: all)")
    parser.add_argument(
        "--endpoints", metavar="ID[,ID]", help="further endpoints (default: all that the cohort offers)"
    )
    parser.add_argument("--covariates", metavar="ID[,ID]", help="a Cox model of these too (default: none)")
    parser.add_argument("--date", type=_date, metavar="YYYY-MM-DD", help="date of the report (default: today)")
    parser.set_defaults(run=_report)
    script = commands.add_parser("script", help="a script that redoes the view from the data file")
    add_view_arguments(script)
    add_endpoint_arguments(script)
    script.add_argument("--language", choices=("python", "r"), default="python", help="default: python")
    script.add_argument("--out", type=Path, metavar="FILE", help="write it there (default: in the answer)")
    script.add_argument("--data", type=Path, metavar="FILE", help="write the data as they were read there, as CSV")
    script.set_defaults(run=_script)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2024-03-04") from None


def _report(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.account import analyse_account
    from kras_core.report.document.content import report_document
    from kras_core.report.document.tables import workbook, write_folder

    out, tables = arguments.out, arguments.tables
    if out.suffix.lower() not in FORMATS:
        raise Refused(f"--out {out.name!r}: end it in {', '.join(FORMATS)}")
    cohort = cohort_of(arguments)
    endpoints = _ids(arguments.endpoints) or _others(cohort, arguments)
    covariates = _ids(arguments.covariates)
    account = analyse_account(cohort, selection_of(arguments, cohort), endpoints, covariates=covariates)
    try:
        document = report_document(account, arguments.date or date.today(), _ids(arguments.sections))
    except LookupError as unknown:
        raise Refused(str(unknown.args[0])) from None
    out.write_bytes(_written(document, out.suffix.lower()))
    found: dict[str, Any] = {"report": str(out), "sections": [s.id for s in document.sections]}
    if tables is not None and tables.suffix.lower() == ".xlsx":
        tables.write_bytes(workbook(document))
        found["tables"] = [str(tables)]
    elif tables is not None:
        found["tables"] = [str(tables / name) for name in write_folder(document, tables)]
    return found


def _ids(text: str | None) -> list[str]:
    return [id.strip() for id in text.split(",")] if text else []


def _others(cohort: Cohort, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Every endpoint, but those that a landmark or late entry leaves nobody for are asked for by name."""
    plain = arguments.landmark is None and not arguments.delayed_entry
    return tuple(id for id in cohort.endpoints if id != "dor") if plain else ()


def _written(document: Any, suffix: str) -> bytes:
    from kras_core.report.document.page import page_html
    from kras_core.report.document.pdf import NoConverter, pdf_bytes
    from kras_core.report.document.word import docx_bytes

    if suffix == ".html":
        return page_html(document).encode()
    if suffix == ".docx":
        return docx_bytes(document)
    try:
        return pdf_bytes(docx_bytes(document), page_html(document))
    except NoConverter as refusal:
        raise Refused(str(refusal)) from None


def _script(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.survival import analyse
    from kras_core.report.script import script
    from kras_core.report.script.data import data_csv

    cohort = cohort_of(arguments)
    text = script(cohort, analyse(cohort, selection_of(arguments, cohort)), arguments.language)
    found: dict[str, Any] = {"language": arguments.language}
    if arguments.data is not None:
        arguments.data.write_bytes(data_csv(cohort))
        found["data"] = str(arguments.data)
    if arguments.out is None:
        return found | {"script": text}
    arguments.out.write_text(text, encoding="utf-8")
    return found | {"out": str(arguments.out)}
