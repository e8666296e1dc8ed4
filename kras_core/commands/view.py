"""What commands share: the arguments that name a cohort and a view, and their way to a Selection."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from kras_core.cohort.bundled import BUNDLED, load, load_file
from kras_core.cohort.files.kinds import SUFFIXES, suffix_of
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection

COHORT = (
    "a bundled cohort's id; a file (CSV, Excel, SPSS, SAS, Stata, Parquet, zip); several files joined by +, such as "
    "adsl.xpt+adtte.xpt; or a folder of them"
)


class Refused(Exception):
    """Ends the program with status 2 and one clear line on standard error."""


class Parser(argparse.ArgumentParser):
    """argparse, with its errors in the one-line form of all others."""

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message} (see {self.prog} --help)")


def add_view_arguments(parser: argparse.ArgumentParser) -> None:
    """COHORT, --adverse-events, --by, --where, --cutoff."""
    parser.add_argument("cohort", metavar="COHORT", help=COHORT)
    parser.add_argument("--adverse-events", metavar="FILE", help="adverse events, where COHORT is a CSV")
    add_mapping_argument(parser)
    parser.add_argument("--by", type=lambda t: t.split(","), metavar="ID[,ID]", help="stratifier; two are crossed")
    parser.add_argument("--where", action="append", metavar="FILTER", help="such as 'sex=M' or 'age>=65'; repeatable")
    parser.add_argument("--cutoff", action="append", metavar="ID=VALUE", help="such as nlr=2.99; repeatable")


def add_mapping_argument(parser: argparse.ArgumentParser) -> None:
    """--mapping."""
    help = "what the columns of the file become: a mapping from the Cohort page or from `map`"
    parser.add_argument("--mapping", metavar="FILE", help=help)


def add_endpoint_arguments(parser: argparse.ArgumentParser) -> None:
    """--endpoint, --landmark or --delayed-entry, --conventions."""
    parser.add_argument("--endpoint", help="endpoint id, such as pfs or os (default: the cohort's own)")
    parser.add_argument("--landmark", type=float, metavar="MONTHS", help="landmark analysis from this time")
    parser.add_argument("--delayed-entry", action="store_true", help="count patients at risk from entry_months on")
    parser.add_argument("--conventions", choices=list(PRESETS), help="software preset (default: the cohort's own)")


def cohort_of(arguments: argparse.Namespace) -> Cohort:
    """The cohort that COHORT names: a bundled id or a file."""
    name = arguments.cohort
    if name in BUNDLED:
        return load(name)
    paths = paths_of(name)
    if not paths:
        raise Refused(f"no bundled cohort and no file {name!r}; bundled: {', '.join(BUNDLED)}")
    events = Path(arguments.adverse_events) if arguments.adverse_events else None
    return load_file(paths, events, Path(arguments.mapping) if arguments.mapping else None)


def paths_of(name: str) -> list[Path]:
    """The files that a name stands for: itself, those joined by +, a folder's tables; none where one is not there."""
    path = Path(name)
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.is_file() and suffix_of(p.name) in SUFFIXES)
    parts = [path] if path.is_file() else [Path(part) for part in name.split("+")]
    return parts if all(part.is_file() for part in parts) else []


def selection_of(arguments: argparse.Namespace, cohort: Cohort) -> Selection:
    """The Selection that the arguments describe; what they leave out is the cohort's own."""
    cutoffs = dict(_cutoff(text) for text in arguments.cutoff or ())
    by = tuple(By(id.strip(), cutoffs.pop(id.strip(), None)) for id in arguments.by or ())
    _unused(cutoffs, cohort)
    if len(by) > 2:
        raise Refused("--by takes one stratifier or two")
    preset = getattr(arguments, "conventions", None) or cohort.conventions
    landmark, delayed = getattr(arguments, "landmark", None), getattr(arguments, "delayed_entry", False)
    if landmark is not None and delayed:
        raise Refused("choose --landmark or --delayed-entry, not both")
    if getattr(arguments, "endpoint", None) is None and not cohort.endpoints:
        raise Refused("this cohort has no endpoint: it needs a pair of columns such as os_months and os_event")
    return Selection(
        cohort=cohort.digest,
        endpoint=getattr(arguments, "endpoint", None) or cohort.default_endpoint or cohort.endpoints[0],
        by=by,
        where=tuple(Filter.parse(text) for text in arguments.where or ()),
        analysis="landmark" if landmark is not None else "delayed-entry" if delayed else "naive",
        landmark=landmark,
        conventions=PRESETS[preset],
        milestones=getattr(arguments, "at", None) or (),
    )


def _unused(cutoffs: Iterable[str], cohort: Cohort) -> None:
    """Say that nothing is compared by these; refuse what could not be, which is a slip of the pen."""
    offered = stratifiers(cohort)
    for id in cutoffs:
        if id not in offered or offered[id].kind != "cut":
            known = ", ".join(name for name, s in offered.items() if s.kind == "cut") or "none"
            raise Refused(f"--cutoff {id}: nothing to cut by that name; there are {known}")
        print(f"kras_core: --cutoff {id} is not used: it would be with --by {id}", file=sys.stderr)


def _cutoff(text: str) -> tuple[str, float]:
    id, _, value = text.partition("=")
    try:
        return id.strip(), float(value)
    except ValueError:
        raise Refused(f"--cutoff {text!r}: write a stratifier and a number, such as nlr=2.99") from None
