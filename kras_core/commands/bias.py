"""bias: sensitivities of a Survival view: early failures, delayed entry, each patient left out, centres."""

import argparse
from typing import Any

from kras_core.commands.view import add_endpoint_arguments, add_view_arguments, cohort_of, selection_of


def add(commands: Any) -> None:
    parser = commands.add_parser("bias", help="early failures, delayed entry, each patient left out, centres")
    add_view_arguments(parser)
    add_endpoint_arguments(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.bias import analyse_bias
    from kras_core.report.bias.as_json import bias_json

    cohort = cohort_of(arguments)
    return bias_json(analyse_bias(cohort, selection_of(arguments, cohort)))
