"""The same views from the command line, as JSON: python -m kras_core cohorts | analyse | safety | validate."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from kras_core.cohort.bundled import BUNDLED, load, load_file
from kras_core.cohort.model import Cohort
from kras_core.cohort.problems import CohortError
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection, SelectionError


class Refused(Exception):
    """Ends the program with status 2 and one clear line on standard error."""


class Parser(argparse.ArgumentParser):
    """argparse, with its errors in the one-line form of all others."""

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it answered, 2 when it was refused (one line on standard error)."""
    try:
        arguments = _parser().parse_args(argv)
        answer = arguments.run(arguments)
    except (Refused, SelectionError, CohortError, OSError) as refusal:
        print(f"kras_core: {_one_line(refusal)}", file=sys.stderr)
        return 2
    json.dump(answer, sys.stdout, ensure_ascii=False, allow_nan=False, indent=1)
    print()
    if isinstance(answer, dict) and answer.get("valid") is False:
        print(f"kras_core: {answer['file']} is not valid: the report lists each problem", file=sys.stderr)
        return 2
    return 0


def _one_line(refusal: Exception) -> str:
    if isinstance(refusal, CohortError):
        # The user's own terminal and file: here the value may be shown, unlike in an exception's text.
        errors = [p for p in refusal.problems if p.severity == "error"]
        more = f" (and {len(errors) - 1} more: python -m kras_core validate FILE lists them)" if len(errors) > 1 else ""
        return " ".join(errors[0].sentence.split()) + more
    if isinstance(refusal, OSError):
        return f"{refusal.filename}: {refusal.strerror}"
    return " ".join(str(refusal).split())


def _parser() -> Parser:
    parser = Parser(prog="python -m kras_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    cohorts = commands.add_parser("cohorts", help="the bundled cohorts")
    cohorts.set_defaults(run=_cohorts)
    survival = commands.add_parser("analyse", help="curves' numbers, log-rank p and hazard ratios of one endpoint")
    _view_arguments(survival)
    survival.add_argument("--endpoint", help="endpoint id, such as pfs or os (default: the cohort's own)")
    survival.add_argument("--landmark", type=float, metavar="MONTHS", help="landmark analysis from this time")
    survival.add_argument("--delayed-entry", action="store_true", help="count patients at risk from entry_months on")
    survival.add_argument("--conventions", choices=list(PRESETS), help="software preset (default: the cohort's own)")
    survival.add_argument("--at", type=_months, metavar="M[,M…]", help="milestones in months, such as 6,12,24")
    survival.set_defaults(run=_analyse)
    safety = commands.add_parser("safety", help="adverse events by term and grade")
    _view_arguments(safety)
    safety.set_defaults(run=_safety)
    check = commands.add_parser("validate", help="what is wrong with a file, cell by cell")
    check.add_argument("file", metavar="FILE")
    check.add_argument("--adverse-events", metavar="FILE", help="adverse events, where the first file is a CSV")
    check.set_defaults(run=_validate)
    return parser


def _view_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cohort", metavar="COHORT", help="a bundled cohort's id, or a CSV or Excel file")
    parser.add_argument("--adverse-events", metavar="FILE", help="adverse events, where COHORT is a CSV")
    parser.add_argument("--by", type=lambda t: t.split(","), metavar="ID[,ID]", help="stratifier; two are crossed")
    parser.add_argument("--where", action="append", metavar="FILTER", help="such as 'sex=M' or 'age>=65'; repeatable")
    parser.add_argument("--cutoff", action="append", metavar="ID=VALUE", help="such as nlr=2.99; repeatable")


def _months(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(t) for t in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of months such as 6,12,24") from None


def _cohort(arguments: argparse.Namespace) -> Cohort:
    name = arguments.cohort
    if name in BUNDLED:
        return load(name)
    if not Path(name).is_file():
        raise Refused(f"no bundled cohort and no file {name!r}; bundled: {', '.join(BUNDLED)}")
    return load_file(Path(name), Path(arguments.adverse_events) if arguments.adverse_events else None)


def _selection(arguments: argparse.Namespace, cohort: Cohort) -> Selection:
    cutoffs = dict(_cutoff(text) for text in arguments.cutoff or ())
    by = tuple(By(id.strip(), cutoffs.pop(id.strip(), None)) for id in arguments.by or ())
    if cutoffs:
        raise Refused(f"--cutoff {next(iter(cutoffs))} needs --by {next(iter(cutoffs))}")
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


def _cutoff(text: str) -> tuple[str, float]:
    id, _, value = text.partition("=")
    try:
        return id.strip(), float(value)
    except ValueError:
        raise Refused(f"--cutoff {text!r}: write a stratifier and a number, such as nlr=2.99") from None


def _cohorts(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [
        {"id": c.id, "title": c.title, "provenance": c.provenance, "n": load(c.id).n, "default": c.default}
        for c in BUNDLED.values()
    ]


def _analyse(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.survival import analyse
    from kras_core.report.survival_json import survival_json

    cohort = _cohort(arguments)
    return survival_json(analyse(cohort, _selection(arguments, cohort)))


def _safety(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.analyse.safety import analyse_safety
    from kras_core.report.safety_json import safety_json

    cohort = _cohort(arguments)
    return safety_json(analyse_safety(cohort, _selection(arguments, cohort)))


def _validate(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.cohort.bundled import check_file

    path = Path(arguments.file)
    problems = check_file(path, Path(arguments.adverse_events) if arguments.adverse_events else None)
    return {
        "file": path.name,
        "valid": not any(p.severity == "error" for p in problems),
        "problems": [
            {
                "severity": p.severity,
                "sheet": p.sheet,
                "row": p.row,
                "column": p.column,
                "value": p.value,
                "expected": p.expected,
                "message": p.sentence,
            }
            for p in problems
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
