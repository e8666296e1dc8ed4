"""analyse: the Survival view."""

import argparse
from typing import Any

from kras_core.commands.view import add_endpoint_arguments, add_view_arguments, cohort_of, selection_of


def add(commands: Any) -> None:
    parser = commands.add_parser("analyse", help="curves' numbers, log-rank p and hazard ratios of one endpoint")
    add_view_arguments(parser)
    add_endpoint_arguments(parser)
    parser.add_argument("--at", type=_months, metavar="M[,M…]", help="milestones in months, such as 6,12,24")
    parser.set_defaults(run=_run)


def _months(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(t) for t in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of months such as 6,12,24") from None


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.survival import analyse
    from kras_core.report.survival.as_json import survival_json

    cohort = cohort_of(arguments)
    return survival_json(analyse(cohort, selection_of(arguments, cohort)))
