"""table1: who the patients are, how they came to be analysed, how long they were followed, what is missing."""

import argparse
from typing import Any

from kras_core.commands.view import add_endpoint_arguments, add_view_arguments, cohort_of, selection_of


def add(commands: Any) -> None:
    parser = commands.add_parser("table1", help="patients' characteristics, flow, follow-up, completeness")
    add_view_arguments(parser)
    add_endpoint_arguments(parser)
    parser.add_argument("--p-values", action="store_true", help="test every characteristic between the groups too")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.overview import analyse_overview
    from kras_core.report.overview.as_json import overview_json

    cohort = cohort_of(arguments)
    return overview_json(analyse_overview(cohort, selection_of(arguments, cohort), p_values=arguments.p_values))
