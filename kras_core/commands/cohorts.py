"""cohorts: what is bundled. validate: what is wrong with a file."""

import argparse
from pathlib import Path
from typing import Any

from kras_core.cohort.bundled import BUNDLED, load
from kras_core.commands.view import add_mapping_argument, paths_of


def add(commands: Any) -> None:
    cohorts = commands.add_parser("cohorts", help="the bundled cohorts")
    cohorts.set_defaults(run=_cohorts)
    check = commands.add_parser("validate", help="what is wrong with a file, cell by cell")
    check.add_argument("files", metavar="FILE", nargs="+", help="one file, or all those of a study, or a folder")
    check.add_argument("--adverse-events", metavar="FILE", help="adverse events, where the first file is a CSV")
    add_mapping_argument(check)
    check.set_defaults(run=_validate)


def _cohorts(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [
        {"id": c.id, "title": c.title, "provenance": c.provenance, "n": load(c.id).n, "default": c.default}
        for c in BUNDLED.values()
    ]


def _validate(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.cohort.bundled import check_file

    paths = [path for name in arguments.files for path in paths_of(name) or [Path(name)]]
    problems = check_file(paths, arguments.adverse_events, arguments.mapping)
    return {
        "file": " + ".join(path.name for path in paths),
        "valid": not any(p.severity == "error" for p in problems),
        "problems": [
            {
                "severity": p.severity,
                "sheet": p.sheet,
                "row": p.row,
                "column": p.column,
                "value": p.value,
                "expected": p.expected,
                "message": p.sentence,
            }
            for p in problems
        ],
    }
