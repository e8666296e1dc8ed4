"""compatible: a cohort with the figures that a publication prints."""

import argparse
import math
from pathlib import Path
from typing import Any

from kras_core.commands.view import Refused


def add(commands: Any) -> None:
    parser = commands.add_parser("compatible", help="patient rows, reconstructed, that have a study's printed figures")
    parser.add_argument("--summary", required=True, metavar="FILE", help="the printed figures (docs/compatible.md)")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the patient rows go, as CSV")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="where the search begins (default: 1)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.audit.compatible import find
    from kras_core.audit.summary import SummaryError, read_summary

    path, out = Path(arguments.summary), Path(arguments.out)
    if arguments.seed < 0:
        raise Refused(f"--seed {arguments.seed}: a whole number from 0 on")
    if not out.parent.is_dir():
        raise Refused(f"{out.parent}: no such folder for --out")
    try:
        summary = read_summary(path.read_text(encoding="utf-8"))
    except (SummaryError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name}: {error}") from None
    *_, found = find(summary, arguments.seed)
    out.write_text(found.csv, encoding="utf-8")
    cohort = found.cohort
    figures = [
        {"key": key, "quantity": o.target.quantity, "printed": o.target.text, **_value(o.value), "met": o.met}
        for (key, _), o in zip(summary.figures, found.figures, strict=True)
    ]
    return {
        "title": cohort.title,
        "provenance": cohort.provenance,
        "n": cohort.n,
        "out": out.name,
        "digest": cohort.digest,
        "seed": found.seed,
        "conventions": cohort.conventions,
        "days_per_month": cohort.days_per_month,
        "drawn": sorted(cohort.drawn),
        "met": sum(f["met"] for f in figures),
        "missed": [f["key"] for f in figures if not f["met"]],
        "figures": figures,
    }


def _value(value: float) -> dict[str, Any]:
    """A number, or null and why."""
    reason = "undefined" if math.isnan(value) else "not reached" if math.isinf(value) else ""
    return {"value": None, "reason": reason} if reason else {"value": value}
