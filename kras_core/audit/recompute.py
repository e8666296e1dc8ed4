"""Printed figures held against patient rows: recomputed under every software's conventions.

Rows of a study *reproduce* a figure; reconstructed rows only show that it is *reachable*, since they were built from
what is printed. Where a preset does not give the figure, the smallest change of convention that does is searched:
fewest fields first, all of equal size together.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations, product

import numpy as np

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.audit import printed
from kras_core.audit.checks.follow_up import guaranteed_days
from kras_core.audit.checks.medians import DIVISORS
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Bar, Finding, Picture
from kras_core.audit.printed import tidy
from kras_core.audit.quantities import NotRecomputable, Numbers, View
from kras_core.cohort.model import DAYS_PER_MONTH, Cohort
from kras_core.cohort.stratifiers import cutoff_of, stratifiers
from kras_core.conventions import PRESETS, Conventions
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile

CHECK = "recomputed"
MOST_CHANGES = 3
EARLY_FAILURES = (3, 6)
TOLERANCE = 1e-9

CHOICES: dict[str, tuple[object, ...]] = {
    "median_interval": ("brookmeyer-crowley", "spss"),
    "interval": ("plain", "log", "log-log"),
    "median_rule": ("first", "middle", "middle-to-end"),
    "zero_interval": ("missing", "zero"),
    "ties": ("efron", "breslow"),
    "hazard_ratio": ("cox", "logrank", "mantel-haenszel"),
    "reverse_ties": ("flipped", "deaths-first"),
    "confidence": (0.90, 0.95, 0.99),
    "months": tuple(DIVISORS.values()),
    "cut-off": (">", "≥"),
}

WORDS: dict[tuple[str, object], str] = {
    ("median_interval", "spss"): "interval of the median as in SPSS (± 1.96·SE)",
    ("median_interval", "brookmeyer-crowley"): "interval of the median by Brookmeyer and Crowley",
    ("median_rule", "first"): "median at the first time with S ≤ 0.5",
    ("median_rule", "middle"): "median in the middle of the plateau",
    ("median_rule", "middle-to-end"): "median in the middle of the plateau, to the curve's end",
    ("zero_interval", "missing"): "no interval once S = 0",
    ("zero_interval", "zero"): "interval 0 once S = 0",
    ("hazard_ratio", "cox"): "Cox hazard ratio",
    ("hazard_ratio", "logrank"): "Prism's log-rank hazard ratio",
    ("hazard_ratio", "mantel-haenszel"): "Prism's Mantel–Haenszel hazard ratio",
    ("reverse_ties", "flipped"): "reverse curve with status flipped",
    ("reverse_ties", "deaths-first"): "reverse curve with deaths leaving first",
    ("cut-off", ">"): "high is above the cut-off",
    ("cut-off", "≥"): "high is at or above the cut-off",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Conventions and what they do not hold: days to a month, and on which side the cut-off's own value stands."""

    conventions: Conventions
    days_per_month: float
    inclusive: bool = False

    def but(self, changes: dict[str, object]) -> "Settings":
        fields = {k: v for k, v in changes.items() if k not in ("months", "cut-off")}
        conventions = replace(self.conventions, **fields) if fields else self.conventions  # type: ignore[arg-type]
        months = changes.get("months", self.days_per_month)
        return Settings(conventions, float(months), changes.get("cut-off", ">") == "≥")  # type: ignore[arg-type]

    def value(self, setting: str) -> object:
        if setting == "months":
            return self.days_per_month
        return (">", "≥")[self.inclusive] if setting == "cut-off" else getattr(self.conventions, setting)


@dataclass(frozen=True)
class Recomputation:
    """Recomputes the claims of one publication from one cohort."""

    cohort: Cohort
    claims: Claims
    seen: dict[Selection, SurvivalAnalysis] = field(default_factory=dict)

    @property
    def own(self) -> Settings:
        """The cohort's own conventions."""
        return Settings(PRESETS[self.cohort.conventions], self.cohort.days_per_month)

    def findings(self, claim: Claim) -> Iterator[Finding]:
        """One finding: reproduced, reachable, or why not; and the flag of a guaranteed time."""
        if claim.quantity == "guarantee":
            yield from self._sensitivity(claim)
        elif claim.kind.compute is not None:
            found = self._finding(claim)
            yield replace(found, claim=claim.id, check=CHECK, assumption=found.assumption or self._assumption())

    def _finding(self, claim: Claim) -> Finding:
        values, reason = self._under_presets(claim)
        if not values:
            return Finding("not recomputable", f"From these rows: {reason}.".replace("..", "."))
        hits = [name for name, numbers in values.items() if prints_as(claim, numbers)]
        steps = tuple(
            f"{PRESETS[name].label}: {_shown(claim, numbers)}{' ← as printed' if name in hits else ''}"
            for name, numbers in values.items()
        )
        if len({_shown(claim, n) for n in values.values()}) == 1 and len(hits) in (0, len(values)):
            where = "under every preset" if claim.kind.settings else "from these rows"
            steps = (f"{where}: {_shown(claim, next(iter(values.values())))}",)
        return self._hit(claim, values, hits, steps) if hits else self._missed(claim, values, steps)

    def _under_presets(self, claim: Claim) -> tuple[dict[str, Numbers], str]:
        """The figure by preset, and why some gave none. A figure that depends on no convention is computed once."""
        values: dict[str, Numbers] = {}
        reason = ""
        for name, preset in PRESETS.items():
            try:
                if values and not claim.kind.settings:
                    values[name] = next(iter(values.values()))
                else:
                    at = Settings(self._at_level(preset, claim), self.cohort.days_per_month)
                    values[name] = self.numbers(claim, at)
            except (NotRecomputable, SelectionError) as why:
                reason = str(why)
        return values, reason

    def _at_level(self, conventions: Conventions, claim: Claim) -> Conventions:
        return replace(conventions, confidence=claim.confidence)

    def _hit(self, claim: Claim, values: dict[str, Numbers], hits: list[str], steps: tuple[str, ...]) -> Finding:
        own = self.cohort.conventions
        preset = own if own in hits else hits[0]
        every = len(hits) == len(PRESETS)
        needed = () if every and not claim.kind.timed else self.changes(claim, self._plain(claim))
        under = " under every preset" if every else f" under {', '.join(PRESETS[name].label for name in hits)}"
        under = under if claim.kind.settings else ""
        months = f", months of {_divisor(self.cohort.days_per_month)} days" if self._in_months(claim) else ""
        shown = _shown(claim, values[preset])
        if self.cohort.provenance == "real":
            statement = f"Reproduced: {shown}{under}{months}."
        else:
            statement = f"Reachable: these rows have {shown}{under}{months}. They were built to."
        ways = (f"From R's defaults with months of 30.4375 days: {_joined(needed)}",) if needed else ()
        return Finding(
            self._agreed,
            statement,
            steps,
            ways_out=ways,
            computed=shown,
            interval=_range(claim, values[preset]),
            preset=preset,
            picture=_picture(claim, values),
        )

    def _missed(self, claim: Claim, values: dict[str, Numbers], steps: tuple[str, ...]) -> Finding:
        own = self.cohort.conventions
        preset = own if own in values else next(iter(values))
        shown = _shown(claim, values[preset])
        common = {
            "steps": steps,
            "computed": shown,
            "interval": _range(claim, values[preset]),
            "picture": _picture(claim, values),
        }
        needed = self.changes(claim, self.own.but({"confidence": claim.confidence}))
        if needed:
            change = f"Under no preset; with {_joined(needed)} it is as printed. {PRESETS[preset].label} gives {shown}."
            ways = tuple(_words(c).capitalize() for c in needed[1:4])
            return Finding(self._agreed, change, preset="custom", ways_out=ways, **common)
        if self.cohort.provenance == "real":
            statement = f"These rows give {shown}, and no convention tried gives {claim.printed}."
            ways = ("Other patients or another data cut-off", "A convention that was not tried", "A misprint")
            return Finding("inconsistent", statement, ways_out=ways, **common)
        statement = (
            f"These reconstructed rows have {shown}, not {claim.printed}. They were built from the printed figures and "
            "could not meet all of them at once; that alone proves nothing about the paper."
        )
        return Finding("not recomputable", statement, **common)

    @property
    def _agreed(self):
        return "reproduced" if self.cohort.provenance == "real" else "reachable"

    def _assumption(self) -> str:
        if self.cohort.provenance == "real":
            return "These rows are those that the publication analysed."
        return (
            "The rows were built from the printed figures, so agreement was built in: it shows that the figures can "
            "hold together, and nothing about patients."
        )

    def _in_months(self, claim: Claim) -> bool:
        return claim.kind.timed and claim.unit == "months"

    def _plain(self, claim: Claim) -> Settings:
        """R's defaults, months of 30.4375 days."""
        return Settings(self._at_level(PRESETS["r"], claim), DAYS_PER_MONTH)

    def numbers(self, claim: Claim, settings: Settings) -> Numbers:
        """The claim's figure in its own unit. Raises NotRecomputable, SelectionError."""
        compute = claim.kind.compute
        assert compute is not None
        seen = claim if not settings.inclusive else replace(claim, by=tuple(map(self._inclusive, claim.by)))
        found = compute(View(self.cohort, seen, settings.conventions, self.seen))
        if not claim.kind.timed:
            return found
        days = self.cohort.days_per_month
        unit = {"days": 1.0, "weeks": 7.0, "months": settings.days_per_month, "years": 365.25}[claim.unit]
        return tuple(x * days / unit for x in found)

    def _inclusive(self, by: By) -> By:
        """The same split with the cut-off's own value on the high side."""
        stratifier = stratifiers(self.cohort)[by.id]
        if stratifier.kind != "cut":
            return by
        return By(by.id, math.nextafter(cutoff_of(self.cohort, stratifier, by.cutoff)[0], -math.inf))

    def _fits(self, claim: Claim, settings: Settings) -> bool:
        try:
            return prints_as(claim, self.numbers(claim, settings))
        except (NotRecomputable, SelectionError):
            return False

    def changes(self, claim: Claim, start: Settings) -> list[dict[str, object]]:
        """The smallest changes of convention from `start` that give the printed figure (an interval of a median
        together with its median), all of equal size; empty where `start` gives it or none up to MOST_CHANGES does."""
        together = [claim]
        if claim.quantity == "median_ci":
            together += filter(None, [self.claims.related(claim, "median")])
        settings = self._settings(together)
        for size in range(MOST_CHANGES + 1):
            found = [c for c in _changes(start, settings, size) if all(self._fits(t, start.but(c)) for t in together)]
            if found:
                return found if size else []
        return []

    def _settings(self, together: Sequence[Claim]) -> dict[str, tuple[object, ...]]:
        """What may be changed: the conventions on which these figures depend, on these rows."""
        names = dict.fromkeys(s for claim in together for s in claim.kind.settings)
        if not any(self._in_months(claim) for claim in together):
            names.pop("months", None)
        if not any(stratifiers(self.cohort)[by.id].kind == "cut" for by in together[0].by if by.id in self._offered):
            names.pop("cut-off", None)
        own = self.cohort.days_per_month
        choices = {name: CHOICES[name] for name in names}
        if "months" in choices:  # the cohort's own first, where several do
            choices["months"] = tuple(sorted(choices["months"], key=lambda d: abs(float(d) - own) > 1e-9))  # type: ignore[arg-type]
        return choices

    @property
    def _offered(self) -> Iterable[str]:
        return stratifiers(self.cohort)

    def _sensitivity(self, claim: Claim) -> Iterator[Finding]:
        """What k early failures, excluded by design, would do to the results."""
        try:
            at = guaranteed_days(claim) / 2
        except printed.PrintedError:
            return
        steps = [step for k in EARLY_FAILURES for step in self._with_failures(k, at)]
        if steps:
            yield Finding(
                "not recomputable",
                "A sensitivity, no verdict: results if patients had failed before the guaranteed time was over.",
                tuple(steps),
                f"k further patients whose treatment failed at day {at:g}, without response.",
                flag=True,
                claim=claim.id,
                check=CHECK,
            )

    def _with_failures(self, k: int, at: float) -> list[str]:
        steps = []
        if "pfs" in self.cohort.endpoints:
            time, event = self.cohort.numbers("pfs_months"), self.cohort.numbers("pfs_event")
            known = ~(np.isnan(time) | np.isnan(event))
            early = np.full(k, at / self.cohort.days_per_month)
            table = event_table(np.append(time[known], early), np.append(event[known], np.ones(k)))
            conventions = self.own.conventions
            median = quantile(curves(table, conventions)[0], conventions).estimate
            steps.append(f"k = {k}: median PFS {tidy(median, 2)} months")
        if "best_response" in self.cohort.patients:
            best, n = self.cohort.patients["best_response"].astype(str), self.cohort.n + k
            for name, levels in (("ORR", ("CR", "PR")), ("DCR", ("CR", "PR", "SD"))):
                count = int(best.isin(levels).sum())
                steps.append(f"k = {k}: {name} {count}/{n} = {100 * count / n:.1f} %")
        return steps


def _changes(start: Settings, settings: dict[str, tuple[object, ...]], size: int) -> Iterator[dict[str, object]]:
    """Every way of changing so many settings."""
    for names in combinations(settings, size):
        others = [[v for v in settings[name] if v != start.value(name)] for name in names]
        for values in product(*others):
            yield dict(zip(names, values, strict=True))


def prints_as(claim: Claim, numbers: Numbers) -> bool:
    """Whether these numbers print as the claim does."""
    form = claim.kind.form
    if form == "share":
        found, (k, n) = printed.share(claim.printed), numbers
        if found.k is not None:
            return found.k == k and found.n in (None, n)
        return bool(found.percent and n and found.ways(int(k), int(n)))
    if form == "date":
        first, last = printed.day(claim.printed)
        return first.toordinal() <= numbers[0] <= last.toordinal()
    if form == "interval":
        return all(
            math.isnan(x) if box is None else _inside(x, box)
            for x, box in zip(numbers, printed.pair(claim.printed), strict=True)
        )
    if form == "time" and not printed.reached(claim.printed):
        return math.isnan(numbers[0])
    return _inside(numbers[0], printed.number(claim.printed))


def _inside(x: float, box: printed.Interval) -> bool:
    return box.low - TOLERANCE <= x <= box.high + TOLERANCE


def _shown(claim: Claim, numbers: Numbers) -> str:
    form = claim.kind.form
    if form == "share":
        k, n = (int(x) for x in numbers)
        return f"{k}/{n} ({100 * k / n:.1f} %)" if n else f"{k}/{n}"
    if form == "date":
        return str(date.fromordinal(int(numbers[0])))
    texts = ["not reached" if math.isnan(x) else "<0.001" if _small_p(claim, x) else _number(x) for x in numbers]
    return "–".join(texts)


def _number(x: float) -> str:
    return f"{x:,.0f}" if x == round(x) else tidy(x, 4)


def _small_p(claim: Claim, x: float) -> bool:
    return claim.quantity in ("logrank_p", "wald_p") and x < 0.001


def _range(claim: Claim, numbers: Numbers) -> tuple[float, float] | None:
    both = len(numbers) == 2 and claim.kind.form == "interval" and all(map(math.isfinite, numbers))
    return (numbers[0], numbers[1]) if both else None


def _picture(claim: Claim, values: dict[str, Numbers]) -> Picture | None:
    """Printed interval over the presets' ones."""
    if claim.kind.form != "interval":
        return None
    low, high = printed.pair(claim.printed)
    known = {name: n for name, n in values.items() if all(map(math.isfinite, n))}
    if high is None or not known:
        return None
    bars = [Bar("Printed", low.middle, high.middle, text=claim.printed)]
    for numbers in dict.fromkeys(known.values()):
        names = " · ".join(PRESETS[name].label for name in known if known[name] == numbers)
        bars.append(Bar(names, numbers[0], numbers[1], False))
    ratio = claim.quantity == "hazard_ratio_ci"
    return Picture(tuple(bars), 1.0 if ratio else None, ratio, "hazard ratio" if ratio else claim.unit)


def _divisor(days: float) -> str:
    return next((name.partition(" ")[0] for name, d in DIVISORS.items() if abs(d - days) < 1e-9), f"{days:g}")


def _words(change: dict[str, object]) -> str:
    return " and ".join(_word(name, value) for name, value in change.items()) or "no change"


def _word(name: str, value: object) -> str:
    if name == "months":
        return f"months of {_divisor(float(value))} days"  # type: ignore[arg-type]
    if name == "confidence":
        return f"a {100 * float(value):g} % interval"  # type: ignore[arg-type]
    if name == "interval":
        return f"{value} interval of S(t)"
    if name == "ties":
        return f"{str(value).capitalize()} ties"
    return WORDS[name, value]


def _joined(changes: list[dict[str, object]]) -> str:
    """Equally small changes: the first in words, and what else one of them could be."""
    first = changes[0]
    same = [c for c in changes[1:] if len(c.keys() ^ first.keys()) == 0 and sum(c[k] != first[k] for k in c) == 1]
    if same:
        name = next(k for k in first if same[0][k] != first[k])
        alike = [c for c in same if c[name] != first[name] and all(c[k] == first[k] for k in c if k != name)]
        others = ", or ".join(_word(name, c[name]) for c in alike[:2])
        return f"{_words(first)} (or {others})"
    return _words(first)
