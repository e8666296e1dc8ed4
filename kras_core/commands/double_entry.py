"""compare-entries: two extracts of one case report form, cell by cell."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser("compare-entries", help="two extracts of the same case report form, cell by cell")
    parser.add_argument("a", metavar="A", help="the first extract, a table with patient_id")
    parser.add_argument("b", metavar="B", help="the second extract")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, object]:
    from kras_core.cohort.double_entry import compare, comparison_json
    from kras_core.cohort.readers import read_table

    a, b = (read_table(path.name, path.read_bytes()) for path in (Path(arguments.a), Path(arguments.b)))
    return comparison_json(compare(a, b))
