"""safety: adverse events."""

import argparse
from typing import Any

from kras_core.commands.view import add_view_arguments, cohort_of, selection_of


def add(commands: Any) -> None:
    parser = commands.add_parser("safety", help="adverse events by term and grade")
    add_view_arguments(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.safety import analyse_safety
    from kras_core.report.safety.as_json import safety_json

    cohort = cohort_of(arguments)
    return safety_json(analyse_safety(cohort, selection_of(arguments, cohort)))
