"""models: several covariates in one Cox model, ordinary and penalised."""

import argparse
from collections.abc import Iterator
from typing import Any, TypeVar

from kras_core.commands.view import Refused, add_endpoint_arguments, add_view_arguments, cohort_of, selection_of

T = TypeVar("T")

KINDS = ("elastic net", "ridge")


def add(commands: Any) -> None:
    models = commands.add_parser("models", help="one Cox model of several covariates, with Firth's beside it")
    add_view_arguments(models)
    add_endpoint_arguments(models)
    models.add_argument(
        "--covariates", metavar="ID[,ID…]", help="stratifiers, numbers among them (default: the usual ones)"
    )
    models.add_argument("--per", choices=("sd", "unit"), default="sd", help="step of a number")
    models.add_argument("--penalised", action="store_true", help="elastic net and ridge, cross-validated")
    models.add_argument("--bootstrap", type=int, default=0, metavar="N", help="resamples for the optimism")
    models.set_defaults(run=_models)


def _models(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.models import (
        analyse_model,
        correct_optimism,
        default_covariates,
        optimism_refused,
        penalise,
        penalised_refused,
    )
    from kras_core.report.models.as_json import model_json

    cohort = cohort_of(arguments)
    selection = selection_of(arguments, cohort)
    named = tuple(part.strip() for part in (arguments.covariates or "").split(",") if part.strip())
    ids = named or default_covariates(cohort, selection)
    analysis = analyse_model(cohort, selection, ids, arguments.per)
    paths = ()
    if arguments.penalised:
        _refuse(penalised_refused(analysis))
        paths = tuple(_last(penalise(cohort, selection, ids, kind)) for kind in KINDS)
    found = None
    if arguments.bootstrap > 0:
        _refuse(optimism_refused(analysis))
        found = _last(correct_optimism(cohort, selection, ids, arguments.bootstrap))
    return model_json(analysis, paths, found)


def _refuse(reason: str) -> None:
    if reason:
        raise Refused(reason)


def _last(steps: Iterator[tuple[float, T]]) -> T:
    *_, (_, result) = steps
    return result
