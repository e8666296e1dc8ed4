"""cutpoints: a marker at every cut-off and as a number. forest: a comparison in subgroups. cox: one variable each."""

import argparse
from typing import Any

from kras_core.commands.view import Refused, add_endpoint_arguments, add_view_arguments, cohort_of, selection_of
from kras_core.selection import By


def add(commands: Any) -> None:
    cutpoints = commands.add_parser("cutpoints", help="a marker at every cut-off, with the selection-adjusted p")
    add_view_arguments(cutpoints)
    add_endpoint_arguments(cutpoints)
    cutpoints.add_argument("--marker", metavar="ID", help="numeric column, such as nlr (default: --by, else the first)")
    cutpoints.add_argument("--tertiles", action="store_true", help="three groups instead of two")
    cutpoints.add_argument("--knots", type=int, choices=(3, 4, 5), help="of the spline (default: by the events)")
    cutpoints.add_argument("--bootstrap", type=int, default=0, metavar="N", help="resamples for the cut-off's spread")
    cutpoints.set_defaults(run=_cutpoints)
    forest = commands.add_parser("forest", help="the --by comparison within subgroups, with interaction tests")
    add_view_arguments(forest)
    add_endpoint_arguments(forest)
    forest.add_argument("--subgroups", type=_ids, metavar="ID[,ID…]", help="stratifiers (default: the first dozen)")
    forest.add_argument("--group", metavar="LABEL", help="group to compare with the reference, of more than two")
    forest.set_defaults(run=_forest)
    cox = commands.add_parser("cox", help="univariable Cox models")
    add_view_arguments(cox)
    add_endpoint_arguments(cox)
    cox.add_argument("--variables", type=_ids, metavar="ID[,ID…]", help="stratifiers, numbers among them")
    cox.set_defaults(run=_cox)


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _cutpoints(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.biomarkers import analyse_biomarker, bootstrap_cutoff, discriminate, markers, permute_cutoff
    from kras_core.cohort.stratifiers import tertiles
    from kras_core.report.markers.as_json import marker_json

    cohort = cohort_of(arguments)
    selection = selection_of(arguments, cohort)
    offered = [s.id for s in markers(cohort)]
    if not offered:
        raise Refused("this cohort has no numeric column to cut")
    by = selection.by[0] if selection.by else By(arguments.marker or offered[0])
    if arguments.marker and by.id != arguments.marker:
        raise Refused("--marker and --by name different columns")
    if by.id not in offered:
        raise Refused(f"{by.id!r} is no marker of this cohort; there are {', '.join(offered)}")
    if arguments.tertiles:
        column = next(s.column for s in markers(cohort) if s.id == by.id)
        low, high = tertiles(cohort.numbers(column))
        if not high > low:
            raise Refused(f"{by.id!r} has no tertiles: a third of the patients share one value")
        by = By(by.id, low, high)
    selection = selection.but(by=())
    first = analyse_biomarker(cohort, selection, by, arguments.knots)
    if first.chosen is not None and not first.chosen.selected.samples and not first.chosen.selected.reason:
        for _ in permute_cutoff(cohort, selection, by.id):
            pass
        first = analyse_biomarker(cohort, selection, by, arguments.knots)
    spread = None
    if arguments.bootstrap > 0:
        for _, spread in bootstrap_cutoff(cohort, selection, by.id, arguments.bootstrap):  # noqa: B007
            pass
    return marker_json(first, discriminate(cohort, selection, by.id), spread)


def _forest(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.subgroups import analyse_forest
    from kras_core.report.markers.as_json import forest_json

    cohort = cohort_of(arguments)
    selection = selection_of(arguments, cohort)
    if not selection.by and cohort.default_by:
        selection = selection.but(by=(By(cohort.default_by),))
    return forest_json(analyse_forest(cohort, selection, arguments.subgroups, arguments.group))


def _cox(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.univariable import analyse_cox
    from kras_core.report.markers.as_json import cox_json

    cohort = cohort_of(arguments)
    selection = selection_of(arguments, cohort)
    variables = arguments.variables or (tuple(by.id for by in selection.by) or None)
    return cox_json(analyse_cox(cohort, selection, variables))
