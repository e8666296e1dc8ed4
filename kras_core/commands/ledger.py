"""ledger: the looks of several saved views, as the app would count them."""

import argparse
import json
from pathlib import Path
from typing import Any

from kras_core.cohort.bundled import BUNDLED, load
from kras_core.cohort.model import Cohort
from kras_core.commands.view import Refused, add_mapping_argument, cohort_of
from kras_core.selection import Selection


def add(commands: Any) -> None:
    parser = commands.add_parser("ledger", help="how many comparisons some views make, with Holm and BH beside raw p")
    parser.add_argument("views", nargs="+", metavar="VIEW", help="what `analyse` printed, or a Selection as JSON")
    parser.add_argument("--cohort", metavar="COHORT", help="the cohort of views that are not of a bundled one")
    parser.add_argument("--adverse-events", metavar="FILE", help="adverse events, where COHORT is a CSV")
    add_mapping_argument(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.ledger import ledger, survival_looks
    from kras_core.analyse.survival import analyse
    from kras_core.report.ledger_tables import ledger_json

    known = {load(id).digest: load(id) for id in BUNDLED}
    if arguments.cohort:
        cohort = cohort_of(arguments)
        known[cohort.digest] = cohort
    looks = []
    for name in arguments.views:
        selection = _selection(Path(name))
        cohort = _cohort(known, selection, name)
        looks += survival_looks(cohort, analyse(cohort, selection))
    return ledger_json(ledger(looks))


def _selection(path: Path) -> Selection:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Selection.from_json(json.dumps(raw.get("selection", raw)))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refused(f"{path.name}: neither what `analyse` prints nor a Selection as JSON") from None


def _cohort(known: dict[str, Cohort], selection: Selection, name: str) -> Cohort:
    if selection.cohort not in known:
        raise Refused(f"{name}: made for data {selection.cohort[:12]}…; name that cohort's file with --cohort")
    return known[selection.cohort]
