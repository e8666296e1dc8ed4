"""Run the fuzz: python -m tools.fuzz [--whole 10000] [--readers 10000] [--tables 2000] [--seed 1] [--minutes 60]

whole: damaged files through open_tables and examine, the way of an upload. readers: damaged files of SPSS,
SAS, Stata and Parquet through the C readers alone, each in a fork, to see how often those crash. tables:
tables that Hypothesis makes up, the way of an upload. Prints a table of outcomes; status 1 where any input
ended otherwise than in a cohort or a clear error, or took more than SLOWEST seconds of processor time.
"""

import argparse
import io
import os
import random
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping

from hypothesis import HealthCheck, Phase, given, settings

from kras_core.cohort.files import child
from kras_core.cohort.files.kinds import NAMED, ZIP, kind_of, suffix_of
from kras_core.cohort.problems import CohortError
from kras_core.cohort.readers import read
from kras_core.cohort.validate import examine
from tools.fuzz.mutate import mutated
from tools.fuzz.seeds import made_up, real
from tools.fuzz.tables import texts

SLOWEST = 30.0
READER_BYTES = 4 * 1024**3
READER_SECONDS = 20


def outcome(*files: tuple[str, bytes]) -> str:
    """ "cohort" or "refused": nothing else may come of a file. Any other exception goes through."""
    try:
        cohort, problems = examine(read(*files), id="fuzz", title="fuzz", provenance="simulated")
    except CohortError as error:
        cohort, problems = None, error.problems
    if cohort is not None:
        return "cohort"
    errors = [p for p in problems if p.severity == "error"]
    assert errors, "refused without a reason"
    assert all(p.sentence.strip() and p.file for p in errors), "an error without a word"
    return "refused"


class Run:
    """Outcomes by format, failures with what brings them back, and the slowest input."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.failures: list[str] = []
        self.slowest = (0.0, "")

    def try_whole(self, kind: str, label: str, *files: tuple[str, bytes]) -> None:
        started = _seconds()
        try:
            said = outcome(*files)
        except BaseException as error:  # a panic of Rust is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            said = f"failed: {type(error).__name__}"
            self.failures.append(f"{label}: {type(error).__name__}: {str(error)[:200]}")
        took = _seconds() - started
        self.counts[kind][said] += 1
        self.slowest = max(self.slowest, (took, label))
        if took > SLOWEST:
            self.failures.append(f"{label}: took {took:.0f} s")


def _seconds() -> float:
    """Processor time of this process and its children: what else the machine does is not the file's fault."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def whole(run: Run, files: Mapping[str, bytes], count: int, seed: int, until: float = float("inf")) -> None:
    """Damaged files through the way of an upload; those that need a child process are one in forty."""
    names = sorted(files)
    quick = [name for name in names if NAMED.get(suffix_of(name), ZIP) == ZIP]
    slow = [name for name in names if name not in quick]
    for i in range(count):
        if time.monotonic() > until:
            break
        rng = random.Random(f"{seed}-{i}")
        seeded = rng.choice(slow if i % 40 == 0 else quick)
        name, content = mutated(seeded, files[seeded], list(files.values()), rng)
        run.try_whole(suffix_of(seeded), f"whole {i} {seeded}", (name, content))
        if i % 500 == 499:
            print(f"{i + 1:,} of {count:,}", *run.failures, sep="\n", file=sys.stderr, flush=True)


def readers(files: Mapping[str, bytes], count: int, seed: int, until: float = float("inf")) -> dict[str, Counter[str]]:
    """How the C readers alone end on damaged files: by format, what the child's process came to."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    named = sorted(name for name in files if NAMED.get(suffix_of(name), ZIP) != ZIP and kind_of(files[name]))
    for i in range(count):
        if time.monotonic() > until:
            break
        rng = random.Random(f"reader-{seed}-{i}")
        seeded = rng.choice(named)
        _, content = mutated(seeded, files[seeded], [files[seeded]], rng)
        counts[suffix_of(seeded)][_forked(NAMED[suffix_of(seeded)], content)] += 1
    return counts


def _forked(kind: str, content: bytes) -> str:
    """ "read or refused", "stumbled" (an exception), or the signal that ended the process."""
    request = {"kind": kind, "columns": 2000, "cells": 20_000_000}
    pid = os.fork()
    if pid == 0:
        child.limit(READER_BYTES, READER_SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        with open(null, "wb") as out:
            status = child.serve(request, io.BytesIO(content), out)
        os._exit(status)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return f"crashed: {signal.Signals(os.WTERMSIG(status)).name}"
    return ("read or refused", "stumbled")[min(os.WEXITSTATUS(status), 1)]


def tables(run: Run, count: int) -> None:
    """Hypothesis' tables; the first failure ends the run of them, shrunk to its simplest form."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(texts())
    def each(file: tuple[str, bytes]) -> None:
        run.try_whole("made-up tables", f"table {file!r}", file)

    each()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--whole", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--tables", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="at most, a quarter for the readers")
    arguments = parser.parse_args()
    files, run, started = made_up() | real(), Run(), time.monotonic()
    for name, content in files.items():
        run.try_whole("unchanged", f"unchanged {name}", (name, content))
    tables(run, arguments.tables)
    whole(run, files, arguments.whole, arguments.seed, started + arguments.minutes * 45)
    print(f"{sum(counts.total() for counts in run.counts.values()):,} inputs through the way of an upload")
    for kind, counts in sorted(run.counts.items()):
        print(f"{kind}: {sum(counts.values()):,}: " + ", ".join(f"{n:,} {said}" for said, n in counts.most_common()))
    print(f"slowest: {run.slowest[0]:.1f} s of processor time ({run.slowest[1][:60]})")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at the most")
    for kind, counts in sorted(
        readers(files, arguments.readers, arguments.seed, started + arguments.minutes * 60).items()
    ):
        print(f"reader {kind}: " + ", ".join(f"{n:,} {said}" for said, n in counts.most_common()))
    for failure in run.failures:
        print(f"FAILED {failure}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
