"""response: best overall response, ORR and DCR with intervals, differences, times."""

import argparse
from typing import Any

from kras_core.commands.view import add_view_arguments, cohort_of, selection_of


def add(commands: Any) -> None:
    parser = commands.add_parser("response", help="best overall response, ORR and DCR by stratum")
    add_view_arguments(parser)
    parser.add_argument("--confirmed", action="store_true", help="an unconfirmed CR or PR counts as stable disease")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.response import analyse_response
    from kras_core.report.response.as_json import response_json

    cohort = cohort_of(arguments)
    return response_json(analyse_response(cohort, selection_of(arguments, cohort), confirmed_only=arguments.confirmed))
