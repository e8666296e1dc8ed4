"""The same views from the command line, as JSON: python -m kras_core COMMAND. Commands: kras_core/commands."""

import json
import os
import sys
from collections.abc import Sequence

from kras_core.cohort.mapping.model import MappingError
from kras_core.cohort.problems import CohortError
from kras_core.commands import COMMANDS
from kras_core.commands.view import Parser, Refused
from kras_core.selection import SelectionError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it answered, 2 when it was refused (one line on standard error)."""
    try:
        arguments = _parser().parse_args(argv)
        answer = arguments.run(arguments)
    except (Refused, SelectionError, CohortError, MappingError, OSError) as refusal:
        print(f"kras_core: {_one_line(refusal)}", file=sys.stderr)
        return 2
    try:
        print(json.dumps(answer, ensure_ascii=False, allow_nan=False, indent=1), flush=True)
    except BrokenPipeError:  # the reader, head for instance, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not tried again at the end
    if isinstance(answer, dict) and answer.get("valid") is False:
        print(f"kras_core: {answer['file']} is not valid: the report lists each problem", file=sys.stderr)
        return 2
    return 0


def _one_line(refusal: Exception) -> str:
    if isinstance(refusal, CohortError):
        # The user's own terminal and file: here the value may be shown, unlike in an exception's text.
        errors = [p for p in refusal.problems if p.severity == "error"]
        listed = f": {refusal.command} lists them" if refusal.command else ""
        more = f" (and {len(errors) - 1} more{listed})" if len(errors) > 1 else ""
        return " ".join(errors[0].sentence.split()) + more
    if isinstance(refusal, OSError):
        return f"{refusal.filename}: {refusal.strerror}"
    return " ".join(str(refusal).split())


def _parser() -> Parser:
    parser = Parser(prog="python -m kras_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
