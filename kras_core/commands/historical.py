"""historical: published medians with their sources, to look at beside a cohort."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser("historical", help="published medians, each with its source and a caution")
    parser.add_argument("--endpoint", choices=("pfs", "os"), default="pfs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from kras_core.cohort.historical import published

    return [
        {key: value for key, value in asdict(row).items() if key != "medians"} | asdict(row.medians[arguments.endpoint])
        for row in published()
        if arguments.endpoint in row.medians
    ]
