"""cohorts: what is bundled. validate: what is wrong with a file."""

import argparse
from pathlib import Path
from typing import Any

from kras_core.cohort.bundled import BUNDLED, load
from kras_core.commands.view import add_mapping_argument, paths_of


def add(commands: Any) -> None:
    cohorts = commands.add_parser("cohorts", help="the bundled cohorts")
    cohorts.set_defaults(run=_cohorts)
    check = commands.add_parser("validate", help="what is wrong with a file, cell by cell")
    check.add_argument("files", metavar="FILE", nargs="+", help="one file, or all those of a study, or a folder")
    check.add_argument("--adverse-events", metavar="FILE", help="adverse events, where the first file is a CSV")
    add_mapping_argument(check)
    check.add_argument("--corrected", metavar="OUT.csv", help="do every remedy on offer and write the patients there")
    check.set_defaults(run=_validate)


def _cohorts(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [
        {"id": c.id, "title": c.title, "provenance": c.provenance, "n": load(c.id).n, "default": c.default}
        for c in BUNDLED.values()
    ]


def _validate(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.cohort.bundled import read_files
    from kras_core.cohort.problems import CohortError
    from kras_core.cohort.remedies import apply, offered
    from kras_core.cohort.validate import check
    from kras_core.report.cohort.validation import problems_json
    from kras_core.report.raw_out import table_csv

    paths = [path for name in arguments.files for path in paths_of(name) or [Path(name)]]
    try:
        tables = read_files(paths, arguments.adverse_events, arguments.mapping)
    except CohortError as refusal:
        return _answer(paths, problems_json(refusal.problems, {}))
    problems = check(tables)
    offers = offered(tables, problems)
    answer = _answer(paths, problems_json(problems, offers))
    if arguments.corrected:
        mended, changes = apply(tables, list(offers.values()))
        Path(arguments.corrected).write_bytes(table_csv(mended.patients))
        left = problems_json(check(mended), {})
        answer |= {"changes": [change.as_row() for change in changes], "left": left}
    return answer


def _answer(paths: list[Path], problems: list[dict[str, Any]]) -> dict[str, Any]:
    name = " + ".join(path.name for path in paths)
    return {"file": name, "valid": not any(p["severity"] == "error" for p in problems), "problems": problems}
