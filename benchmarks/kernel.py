"""A whole toggle of the Survival view: KRAScope's kernel beside R's survival and lifelines, in one run.

    make bench        (or: python benchmarks/kernel.py [--quick] [--block 1] [--cpu])

A toggle moves the cut-off of a marker on a cohort that is loaded and validated, and computes overall and
per-stratum curves with intervals, medians, rates, numbers at risk, log-rank, Cox hazard ratio with the
test of proportional hazards, reverse Kaplan-Meier follow-up, and RMST with its difference. Every toggle
has a cut-off of its own, so that none is answered from memory; nothing else than the coded times is kept
from one toggle to the next.

Each engine is a process of its own with clean typed columns, prepared outside the clock. They take turns in
blocks of several toggles, the same cut-offs and as many for each (at a million rows lifelines takes part in the
first of them only), so that every engine is measured at work, not while the processor's caches fill with its
code again. (`--block 1` lets them alternate by single toggles: filling the caches again then about doubles
KRAScope's time at n = 27, where the others lose a tenth.) Up to 100,000 rows a first toggle warms each engine
up, uncounted. Times are medians; memory is the peak above what the loaded data take. On a busy machine the
longer toggles are interrupted more often, which flatters the fastest: `--cpu` compares processor time of the
calling thread, leaving out what helping threads did.
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

ENGINES = ("krascope", "r", "lifelines")
WARMED_UP = 100_000  # rows up to which the first toggle does not count
BARS = {"r": {27: 8, 1_000: 8, 10_000: 8, 100_000: 15, 1_000_000: 15}, "lifelines": 100}
CUTOFF = 2.5
Toggle = Callable[[float], list[float]]


def krascope(folder: Path) -> tuple[str, Toggle]:
    """The project's own: `analyse` on the cohort read from the CSV, as an upload is."""
    from kras_core.analyse.survival import analyse
    from kras_core.cohort.bundled import load_file
    from kras_core.selection import By, Selection

    cohort = load_file(folder / "patients.csv")

    def toggle(cutoff: float) -> list[float]:
        a = analyse(cohort, Selection(cohort.digest, "pfs", by=(By("nlr", cutoff),)))
        assert a.logrank is not None and a.rmst_difference is not None
        hr, (low, high) = a.hazard_ratios[0], a.strata
        means = [low.rmst.estimate, high.rmst.estimate, a.rmst_difference.estimate]
        ratio = [hr.estimate, hr.low, hr.high]
        at_risk = float(a.risk_table.at_risk[0, 0])
        return [a.logrank.statistic, a.logrank.p, *ratio, low.n, high.n, *means, at_risk, low.median.estimate]

    first = analyse(cohort, Selection(cohort.digest, "pfs", by=(By("nlr", CUTOFF),)))
    rates = [rate.time for rate in first.overall.rates]
    grid = "\n".join(" ".join(map(str, line)) for line in (rates, first.risk_table.ticks.tolist()))
    (folder / "grid.txt").write_text(grid + "\n")
    for name, column in (("time", "pfs_months"), ("event", "pfs_event"), ("marker", "nlr")):
        cohort.numbers(column).tofile(folder / name)
    return f"NumPy {np.__version__}", toggle


def lifelines(folder: Path) -> tuple[str, Toggle]:
    """The same quantities by lifelines. The variance of the RMST is computed from its event table (it offers that of
    min(T, tau)); above 10,000 rows the test of proportional hazards is left out: it would take minutes."""
    import lifelines as library
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test, proportional_hazard_test
    from lifelines.utils import median_survival_times, restricted_mean_survival_time

    time, event, marker = (np.fromfile(folder / name) for name in ("time", "event", "marker"))
    milestones, ticks = (np.array(line.split(), float) for line in (folder / "grid.txt").read_text().splitlines())

    def mean_time(curve: Any, tau: float) -> tuple[float, float]:
        counts = curve.event_table[curve.event_table.index <= tau]
        time, d, n = counts.index.to_numpy(), counts["observed"].to_numpy(), counts["at_risk"].to_numpy()
        areas = curve.survival_function_["KM_estimate"].to_numpy()[: time.size] * np.diff(time, append=tau)
        beyond = np.cumsum(areas[::-1])[::-1]
        left = n - d
        variance = np.sum(beyond[left > 0] ** 2 * (d / n)[left > 0] / left[left > 0])
        mean: Any = restricted_mean_survival_time(curve, t=tau)
        return float(mean), float(variance)

    def describe(rows: Any, tau: float) -> tuple[tuple[float, float], int, float]:
        curve = KaplanMeierFitter().fit(time[rows], event[rows])
        median_survival_times(curve.confidence_interval_)
        curve.survival_function_at_times(milestones)
        curve.confidence_interval_.asof(milestones)
        steps = np.searchsorted(curve.event_table.index.to_numpy(), ticks)
        at_risk = curve.event_table["at_risk"].to_numpy()[np.minimum(steps, len(curve.event_table) - 1)]
        curve.event_table[["observed", "censored"]].cumsum()
        reverse = KaplanMeierFitter().fit(time[rows], 1 - event[rows])
        median_survival_times(reverse.confidence_interval_)
        return mean_time(curve, tau), int(at_risk[0]), float(curve.median_survival_time_)

    def toggle(cutoff: float) -> list[float]:
        group = marker > cutoff
        tau = min(time[group].max(), time[~group].max())
        low, high, _ = (describe(rows, tau) for rows in (~group, group, slice(None)))
        (low_mean, low_variance), (high_mean, high_variance) = low[0], high[0]
        difference = high_mean - low_mean, np.sqrt(low_variance + high_variance)
        test = logrank_test(time[~group], time[group], event[~group], event[group])
        frame = pd.DataFrame({"time": time, "event": event, "group": group.astype(float)})
        cox = CoxPHFitter().fit(frame, "time", "event")
        if len(frame) <= 10_000:
            proportional_hazard_test(cox, frame, time_transform="km")
        ratio = cox.summary.loc["group", ["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%"]]
        sizes = [int((~group).sum()), int(group.sum())]
        means = [low_mean, high_mean, difference[0]]
        return [test.test_statistic, test.p_value, *ratio, *sizes, *means, low[1], low[2]]

    return library.__version__, toggle


def serve(engine: Callable[[Path], tuple[str, Toggle]], folder: Path) -> None:
    """Be an engine: a cut-off per line in; seconds by the clock and of the processor, peak MB and the numbers out."""
    version, toggle = engine(folder)
    clear, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    base = psutil.Process().memory_info().rss / 2**20
    if status.exists():
        clear.write_text("5")  # start the peak anew
    warnings.simplefilter("ignore")  # about convergence, in cohorts of 27
    print("ready", version, flush=True)
    for line in sys.stdin:
        elapsed, processor = time.perf_counter(), time.thread_time()
        numbers = toggle(float(line))
        elapsed, processor = time.perf_counter() - elapsed, time.thread_time() - processor
        peak = float("nan")
        if status.exists():
            peak = (
                next(int(row.split()[1]) for row in status.read_text().splitlines() if row.startswith("VmHWM")) / 1024
            )
        print(elapsed, processor, peak - base, *numbers, flush=True)


@dataclass
class Engine:
    """An engine's process, and what it has answered."""

    process: subprocess.Popen[str]
    version: str
    processor_time: bool
    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0

    @classmethod
    def start(cls, name: str, folder: Path, processor_time: bool) -> "Engine":
        script = ["Rscript", str(HERE / "kernel.R")] if name == "r" else [sys.executable, __file__, "--engine", name]
        process = subprocess.Popen([*script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        ready = process.stdout.readline().split(maxsplit=1)
        if not ready:
            raise RuntimeError(f"{name} did not start")
        return cls(process, ready[1].strip(), processor_time)

    def toggle(self, cutoff: float) -> tuple[float, np.ndarray]:
        """Seconds and numbers of one toggle."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(cutoff, file=self.process.stdin, flush=True)
        answer = map(float, self.process.stdout.readline().replace("NA", "nan").split())
        elapsed, processor, self.peak, *numbers = answer
        return processor if self.processor_time else elapsed, np.array(numbers)

    def block(self, cutoffs: list[float]) -> np.ndarray:
        """Numbers of several toggles in a row, shape (toggles, numbers); their times are kept."""
        answers = [self.toggle(cutoff) for cutoff in cutoffs]
        self.seconds += [seconds for seconds, _ in answers]
        return np.array([numbers for _, numbers in answers])

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


@dataclass
class Row:
    """A row of the table: the engines after their rounds, and how far KRAScope's numbers are from the others'."""

    n: int
    continuous: bool
    engines: dict[str, Engine]
    apart: dict[str, float]


@dataclass(frozen=True)
class Size:
    """Rows, continuous times or whole days, rounds, toggles in a block, and how many of them are lifelines' too."""

    n: int
    continuous: bool
    rounds: int
    block: int
    lifelines: int

    def in_blocks_of(self, block: int) -> "Size":
        """About as many toggles in other blocks."""
        return replace(
            self, rounds=self.rounds * self.block // block, block=block, lifelines=min(self.lifelines, block)
        )


SIZES = (
    Size(27, False, 10, 20, 20),
    Size(1_000, False, 6, 10, 10),
    Size(10_000, False, 5, 5, 5),
    Size(100_000, False, 3, 3, 3),
    Size(1_000_000, False, 1, 3, 1),
    Size(1_000_000, True, 1, 3, 1),
)


def compare(size: Size, names: list[str], processor_time: bool) -> Row:
    """All engines at one size, in turns."""
    from simulate import patients

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = patients(size.n, continuous=size.continuous)
        frame[["patient_id", "nlr", *frame.columns[5:7]]].to_csv(folder / "patients.csv", index=False)
        engines = {name: Engine.start(name, folder, processor_time) for name in names}
        apart = dict.fromkeys(names[1:], 0.0)
        if size.n <= WARMED_UP:
            for engine in engines.values():
                engine.toggle(CUTOFF)
        for turn in range(size.rounds):
            cutoffs = [CUTOFF + 0.001 * (turn * size.block + i + 1) for i in range(size.block)]
            answers = {
                name: engines[name].block(cutoffs[: size.lifelines] if name == "lifelines" else cutoffs)
                for name in names
            }
            for name in names[1:]:
                both = zip(answers["krascope"], answers[name], strict=False)  # lifelines' may be fewer
                apart[name] = max(apart[name], *(relative_difference(ours, theirs) for ours, theirs in both))
        for engine in engines.values():
            engine.stop()
    return Row(size.n, size.continuous, engines, apart)


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest relative difference; numbers that are equal (both 0, both missing) don't differ."""
    apart = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
    return float(np.max(np.abs(ours[apart] - theirs[apart]) / np.abs(theirs[apart]), initial=0.0))


def milliseconds(engine: Engine | None) -> str:
    return "–" if engine is None else f"{median(engine.seconds) * 1000:,.{2 if median(engine.seconds) < 0.1 else 0}f}"


def report(row: Row) -> str:
    engines, n = row.engines, row.n
    cells = [f"{n:,}{' continuous' if row.continuous else ''}"]
    cells += [milliseconds(engines.get(name)) for name in ENGINES]
    for name, bar in (("r", BARS["r"][n]), ("lifelines", BARS["lifelines"])):
        other = engines.get(name)
        ratio = 0.0 if other is None else median(other.seconds) / median(engines["krascope"].seconds)
        cells.append("–" if other is None else f"{ratio:.{1 if ratio < 20 else 0}f} (≥ {bar})")
    cells += ["–" if (e := engines.get(name)) is None else f"{e.peak:,.0f}" for name in ENGINES]
    cells += [f"{row.apart[name]:.0e}" if name in row.apart else "–" for name in ENGINES[1:]]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| n | KRAScope, ms | R, ms | lifelines, ms | × R (bar) | × lifelines (bar) "
    "| peak MB: KRAScope | R | lifelines | largest relative difference from R | from lifelines |\n" + "|---" * 11 + "|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description="whole-toggle times of KRAScope, R and lifelines")
    parser.add_argument("--quick", action="store_true", help="up to 10,000 rows only")
    parser.add_argument("--block", type=int, help="toggles of one engine in a row (default: by size)")
    parser.add_argument("--cpu", action="store_true", help="processor time of the calling thread (R: to 1 ms)")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--engine", choices=("krascope", "lifelines"), help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        serve({"krascope": krascope, "lifelines": lifelines}[arguments.engine], arguments.folder)
        return
    names = [name for name in ENGINES if name != "r" or shutil.which("Rscript")]
    if "r" not in names:
        print("R is left out: there is no Rscript on PATH.\n")
    print(HEADER, flush=True)
    rows = []
    for size in SIZES[: 3 if arguments.quick else None]:
        size = size.in_blocks_of(arguments.block) if arguments.block else size
        rows.append(compare(size, names, arguments.cpu))
        print(report(rows[-1]), flush=True)
    versions = {name: engine.version for name, engine in rows[-1].engines.items()}
    print(f"\nPython {platform.python_version()}; {versions}; {platform.machine()}, {psutil.cpu_count()} processors.")
    if arguments.json:
        figures = [
            {"n": row.n, "continuous": row.continuous, "apart": row.apart}
            | {
                name: {"ms": median(e.seconds) * 1000, "best_ms": min(e.seconds) * 1000, "peak_mb": e.peak}
                for name, e in row.engines.items()
            }
            for row in rows
        ]
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
