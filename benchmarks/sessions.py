"""Fifty visitors toggling every two seconds over real websockets: none lost, none sees another's data, how long.

    make bench-app        (or: python benchmarks/sessions.py [--sessions 50] [--seconds 40] [--usual-seconds 8])

Every session uploads a cohort of its own. The p value of each of its comparisons is computed here beforehand, and
every answer must be the one of that cohort and that comparison. Both applications are measured, one after the
other, with the same visitors. The usual page cannot keep up with fifty: its visitors toggle for a shorter time, which
flatters it, since they wait longer and longer.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from serving import APPLICATIONS, STRATIFIERS, Application, Server, Session, serving
from simulate import patients

from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load_file
from kras_core.report.survival.answer import answer
from kras_core.selection import By, Selection

COLUMNS = {"Sex": "sex", "Prior anti-angiogenic therapy": "prior_antiangiogenic"}
PAUSE = 2.0


@dataclass(frozen=True)
class Visitor:
    """A cohort of one's own, and what each application must answer to each comparison."""

    csv: bytes
    expected: dict[tuple[str, str], str]  # (application, stratifier) -> text


@dataclass
class Outcome:
    times: list[float] = field(default_factory=list)
    wrong: int = 0
    lost: int = 0


def visitor(seed: int) -> Visitor:
    frame = patients(40 + seed, seed=seed)
    csv = frame.to_csv(index=False).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cohort.csv"
        path.write_bytes(csv)
        cohort = load_file(path)
    expected = {}
    for label, column in COLUMNS.items():
        analysis = analyse(cohort, Selection(cohort.digest, "pfs", by=(By(column),)))
        assert analysis.logrank is not None
        expected["KRAScope", label] = answer(analysis).line1.html
        events = int(frame["pfs_event"].sum())
        expected["usual page", label] = f"n = {len(frame)}, {events} events, log-rank p = {analysis.logrank.p:.9f}"
    return Visitor(csv, expected)


async def visit(server: Server, who: Visitor, seconds: float, outcome: Outcome, ready: asyncio.Barrier) -> None:
    """One session: upload, wait for the others, toggle every two seconds."""
    application, session = server.application, Session(server)
    try:
        await session.open()
        if application.upload_page:
            await session.go(application.upload_page)
        await session.upload(application.files, "cohort.csv", who.csv)
        if application.upload_page:
            await session.go(application.chart_page)
    finally:
        await ready.wait()
    await asyncio.sleep(random.uniform(0, PAUSE))
    for i in range(int(seconds / PAUSE)):
        label = STRATIFIERS[i % 2]
        run = await session.choose(application.compare, label)
        outcome.times.append(run.seconds * 1000)
        if not any(who.expected[application.name, label] in text for text in run.texts):
            outcome.wrong += 1
        await asyncio.sleep(max(0.0, PAUSE - run.seconds))
    await session.close()


async def together(server: Server, visitors: list[Visitor], seconds: float) -> Outcome:
    outcome, ready = Outcome(), asyncio.Barrier(len(visitors))
    visits = (visit(server, who, seconds, outcome, ready) for who in visitors)
    ended = await asyncio.gather(*visits, return_exceptions=True)
    failures = [error for error in ended if isinstance(error, BaseException)]
    for error in failures[:3]:
        print(f"{server.application.name}: a session was lost: {error!r}", file=sys.stderr)
    outcome.lost = len(failures)
    return outcome


def measure(application: Application, visitors: list[Visitor], seconds: float) -> Outcome:
    with serving(application) as server:
        outcome = asyncio.run(together(server, visitors, seconds))
    cells = (
        application.name,
        str(len(visitors)),
        str(len(outcome.times)),
        f"{median(outcome.times):.0f} / {np.percentile(outcome.times, 95):.0f}",
        str(outcome.lost),
        str(outcome.wrong),
    )
    print("| " + " | ".join(cells) + " |", flush=True)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description="many sessions over websockets, beside the usual page")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--usual-seconds", type=float, default=8)
    arguments = parser.parse_args()
    visitors = [visitor(seed) for seed in range(arguments.sessions)]
    texts = [tuple(who.expected.values()) for who in visitors]
    assert len(set(texts)) == len(texts), "every visitor must have answers of their own"
    print(
        "\n| page | sessions | toggles | ms (median / 95th) | lost | wrong answers |\n" + "|---" * 6 + "|", flush=True
    )
    lasting = (arguments.seconds, arguments.usual_seconds)
    outcomes = [
        measure(application, visitors, seconds) for application, seconds in zip(APPLICATIONS, lasting, strict=True)
    ]
    return 1 if outcomes[0].lost or outcomes[0].wrong else 0


if __name__ == "__main__":
    sys.exit(main())
