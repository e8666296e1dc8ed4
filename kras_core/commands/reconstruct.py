"""reconstruct: patient rows from the points of a published curve."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kras_core.commands.view import Refused

UNITS = ("months", "weeks", "days", "years")


def add(commands: Any) -> None:
    parser = commands.add_parser("reconstruct", help="patient rows from a published curve (Guyot et al. 2012)")
    parser.add_argument(
        "--curve", action="append", required=True, metavar="FILE", help="digitised points, one file an arm or with arms"
    )
    parser.add_argument(
        "--at-risk", action="append", metavar="FILE", help="numbers at risk, in the order of the curves"
    )
    parser.add_argument(
        "--ticks", action="append", metavar="FILE", help="times of censor ticks, where the figure has them"
    )
    parser.add_argument("--arm", action="append", metavar="NAME", help="names of the arms, in the order of the curves")
    parser.add_argument("--events", action="append", metavar="[ARM=]N", help="printed total of events; one an arm")
    parser.add_argument("--n", action="append", metavar="[ARM=]N", help="patients, where there are no numbers at risk")
    parser.add_argument("--endpoint", default="os", help="endpoint id, such as os or pfs (default: os)")
    parser.add_argument("--unit", choices=UNITS, default="months", help="of the time axis (default: months)")
    parser.add_argument("--scale", choices=("percent", "proportion"), help="of survival (default: found out)")
    parser.add_argument("--reference", metavar="ARM", help="arm that hazard ratios are against (default: the first)")
    parser.add_argument("--sd", type=_noise, default=None, help="noise of re-digitising, in survival (default: 0.005)")
    parser.add_argument("--out", required=True, metavar="FILE", help="CSV to write: one row a patient")
    parser.set_defaults(run=_run)


def _noise(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 0.1:
        raise argparse.ArgumentTypeError(f"{text} is no standard deviation from 0 to 0.1")
    return value


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.audit.curve.patients import patient_rows
    from kras_core.audit.curve.reconstruct import SD, reconstruct
    from kras_core.cohort.problems import CohortError
    from kras_core.report.csv_out import csv_bytes
    from kras_core.report.reconstruction.curve_json import curve_json

    try:
        figure = _figure(arguments)
    except CohortError as error:
        raise Refused(_first(error)) from None
    names = [curve.label for curve in figure.curves]
    if arguments.reference not in (None, *names):
        raise Refused(f"--reference {arguments.reference!r} is no arm; there are {', '.join(names)}")
    reference = names.index(arguments.reference) if arguments.reference else 0
    sd = SD if arguments.sd is None else arguments.sd
    found = reconstruct(figure.curves, reference, sd, problems=figure.problems)
    try:
        rows = patient_rows(found, arguments.endpoint)
    except ValueError as error:
        raise Refused(f"--endpoint: {error}") from None
    Path(arguments.out).write_bytes(csv_bytes(rows))
    return curve_json(found, arguments.endpoint, figure.scales) | {"out": str(arguments.out)}


def _figure(arguments: argparse.Namespace) -> Any:
    from kras_core.audit.curve.points import read_figure, read_points

    points, at_risk, ticks = (_read(paths) for paths in (arguments.curve, arguments.at_risk, arguments.ticks))
    labels = arguments.arm or ()
    names = [p.label for p in read_points(points, labels, arguments.scale)]
    return read_figure(
        points,
        at_risk,
        ticks,
        labels=labels,
        n=_by_arm("--n", arguments.n, names),
        events=_by_arm("--events", arguments.events, names),
        unit=arguments.unit,
        scale=arguments.scale,
    )


def _read(paths: Sequence[str] | None) -> list[tuple[str, bytes]]:
    return [(Path(path).name, Path(path).read_bytes()) for path in paths or ()]


def _by_arm(option: str, given: Sequence[str] | None, names: Sequence[str]) -> dict[str, int]:
    """ "N" in the order of the arms, or "ARM=N"."""
    found: dict[str, int] = {}
    for i, text in enumerate(given or ()):
        name, _, number = text.rpartition("=")
        if not name and i >= len(names):
            raise Refused(f"{option} was given {len(given or ())} times; there are {len(names)} arms")
        if name and name not in names:
            raise Refused(f"{option} {text!r} names no arm; there are {', '.join(names)}")
        if not number.strip().isdecimal():
            raise Refused(f"{option} {text!r}: write a whole number, or an arm and a number, such as {names[0]}=25")
        found[name or names[i]] = int(number)
    return found


def _first(error: Any) -> str:
    """The first problem in full, and how many more there are."""
    errors = [p for p in error.problems if p.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return " ".join(errors[0].sentence.split()) + more
