"""map: what the columns of a file most likely are, as a mapping to look at, mend and keep."""

import argparse
from pathlib import Path
from typing import Any

from kras_core.commands.view import paths_of


def add(commands: Any) -> None:
    parser = commands.add_parser("map", help="what a file's columns most likely are: a mapping to look at and keep")
    parser.add_argument("files", metavar="FILE", nargs="+", help="one file, or all those of a study, or a folder")
    parser.add_argument("--adverse-events", metavar="FILE", help="adverse events, where the first file is a CSV")
    parser.add_argument("--sheet", metavar="NAME", default="", help="the sheet of patients, in a workbook with several")
    parser.add_argument("--out", metavar="FILE", help="TOML to write; event codings in it wait for confirmed = true")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.cohort.mapping import propose, to_toml
    from kras_core.cohort.mapping.files import open_paths
    from kras_core.cohort.mapping.words import mapping_json

    paths = [path for name in arguments.files for path in paths_of(name) or [Path(name)]]
    paths += [Path(arguments.adverse_events)] if arguments.adverse_events else []
    tables = open_paths(paths, arguments.sheet)
    mapping = propose(tables, sheet=arguments.sheet)
    if arguments.out:
        Path(arguments.out).write_text(to_toml(mapping), encoding="utf-8")
    return {"file": " + ".join(path.name for path in paths), "out": arguments.out} | mapping_json(mapping, tables)
