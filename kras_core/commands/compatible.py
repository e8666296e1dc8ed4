"""compatible: a cohort with the figures that a publication prints."""

import argparse
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
    from kras_core.audit.compatible import Compatible, find
    from kras_core.audit.summary import SummaryError
    from kras_core.audit.summary_toml import read_summary
    from kras_core.report.reconstruction.compatible_json import compatible_json

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
    assert isinstance(found, Compatible)  # the last word of every search
    out.write_text(found.csv, encoding="utf-8")
    return compatible_json(summary, found) | {"out": out.name}
