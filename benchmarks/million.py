"""A million patients on the Survival page: how long every toggle takes the first time, and how much memory the server.

    python benchmarks/million.py [--patients 1000000] [--only days]

The file is simulated (Parquet, below the limit of an upload) and uploaded over a websocket, without a browser; every
toggle is a view that the session has not had. Script time runs from the message that a widget has changed to the end
of the script run; processor time is the server's own meanwhile. On Linux, where the kernel tells both.
"""

import argparse
import asyncio
import io
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
from serving import KRASCOPE, Run, Server, Session, serving
from simulate import patients

from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES

TICKS = os.sysconf("SC_CLK_TCK")
MB = 1000**2
KINDS = ("days", "continuous")
NOBODY = "Nobody: one curve"

Step = tuple[str, Callable[[Session], Awaitable[Run]]]

TOGGLES: tuple[Step, ...] = (
    ("compare sex", lambda s: s.choose("by", "Sex")),
    ("compare four KRAS variants", lambda s: s.choose("by", "KRAS variant")),
    ("compare age above 65", lambda s: s.choose("by", "Age")),
    ("age above 71", lambda s: s.slide("cut:age", 71)),
    ("compare NLR at its median", lambda s: s.choose("by", "NLR")),
    ("NLR above 4.5", lambda s: s.slide("cut:nlr", 4.5)),
    ("NLR above 2.1", lambda s: s.slide("cut:nlr", 2.1)),
    ("a filter on sex, all levels", lambda s: s.pick("only", "Sex")),
    ("women only", lambda s: s.pick("only:sex", "Female")),
    ("a filter on age, whole range", lambda s: s.pick("only", "Sex", "Age")),
    ("aged 50 to 70", lambda s: s.slide("only:age", 50, 70)),
    ("overall survival", lambda s: s.pick("endpoint", "OS")),
    ("everybody again", lambda s: s.pick("only")),
    ("compare sex", lambda s: s.choose("by", "Sex")),
    ("crossed with KRAS variants", lambda s: s.choose("second", "KRAS variant")),
    ("nobody compared", lambda s: s.choose("by", NOBODY)),
    ("from a landmark at 3 months", lambda s: s.choose("analysis", "From a landmark")),
    ("compare KRAS G12C from there", lambda s: s.choose("by", "KRAS G12C")),
)


def parquet(n: int, kind: str) -> bytes:
    """The simulated file, zstd: whole days, or months with all their digits."""
    frame = patients(n, continuous=kind == "continuous").drop(columns="prior_antiangiogenic")
    frame.insert(2, "age", np.random.default_rng(2).normal(64, 9, n).round().clip(25, 95).astype(int))
    frame["nlr"] = frame["nlr"].round(1)
    content = io.BytesIO()
    frame.to_parquet(content, compression="zstd", index=False)
    if content.tell() > MAX_UPLOAD_BYTES:
        raise SystemExit(f"{content.tell() / MB:.0f} MB is more than an upload may have: take fewer patients")
    return content.getvalue()


def processor_seconds(server: Server) -> float:
    """What the server's process has used so far; the children that read files count when they have ended."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def memory(server: Server, what: str) -> float:
    """MB of the server's process: VmRSS at present, VmHWM at the most."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 / MB for line in status.splitlines() if line.startswith(what))


async def measured(server: Server, name: str, run: Awaitable[Run]) -> None:
    before = processor_seconds(server)
    answer = await run
    refused = " (refused)" if any("exception" in text for text in answer.texts) else ""
    used, now, most = processor_seconds(server) - before, memory(server, "VmRSS"), memory(server, "VmHWM")
    print(f"| {name}{refused} | {answer.seconds:.2f} | {used:.2f} | {now:,.0f} | {most:,.0f} |", flush=True)


async def visit(server: Server, content: bytes) -> None:
    session = Session(server)
    await measured(server, "before any upload", session.open())
    await session.go(KRASCOPE.upload_page)
    await measured(server, "upload to cohort", session.upload(KRASCOPE.files, "million.parquet", content))
    await measured(server, "first view", session.go(KRASCOPE.chart_page))
    for name, step in TOGGLES:
        await asyncio.sleep(0.2)
        await measured(server, name, step(session))
    await asyncio.sleep(65)
    await measured(server, "a minute later, nobody compared", session.choose("by", NOBODY))
    await session.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="a million patients on the Survival page")
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--only", choices=KINDS)
    arguments = parser.parse_args()
    for kind in KINDS if arguments.only is None else (arguments.only,):
        content = parquet(arguments.patients, kind)
        print(f"\n{arguments.patients:,} patients, {kind}: {len(content) / MB:.0f} MB\n")
        print("| | script, s | processor, s | memory, MB | at the most, MB |\n" + "|---" * 5 + "|", flush=True)
        with serving(KRASCOPE) as server:
            asyncio.run(visit(server, content))


if __name__ == "__main__":
    main()
