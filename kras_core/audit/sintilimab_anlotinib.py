"""The paper behind the two reconstructed cohorts: what it prints, as targets and totals, and how rows are built.

Su Y, Wang C, Sun L, Jin F, Wang X, Wang S, Wang F. Sintilimab plus anlotinib in later-line treatment of advanced
KRAS-mutant NSCLC: a multicenter, retrospective case series. No patient rows were published. The two cohorts differ
in one choice: which of the figures for prior anti-angiogenic therapy, that contradict each other, they keep.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from kras_core.audit import draw
from kras_core.audit.search import Found, Kind, Problem, Span, search, weibull_days
from kras_core.audit.targets import COMPARISONS, Outcome, Quantity, Target, measure

DAYS_PER_MONTH = 365 / 12
CUTOFF = date(2024, 3, 4)
FIRST_START, LAST_START = date(2019, 4, 1), date(2022, 6, 30)
SHORTEST, LONGEST = (CUTOFF - LAST_START).days, (CUTOFF - FIRST_START).days

TWO_CYCLES = 42  # days; nobody who stopped earlier was included
NEXT_ASSESSMENT = 80  # days; about the second one, the first at which anybody without early progression progresses
AFTER_PROGRESSION = 14  # days lived at least
NLR, PLR = 2.99, 176.33

PRIOR = "prior_antiangiogenic"
STRATA = {
    PRIOR: {"0": 21, "1": 6},
    "g12c": {"G12C": 13, "non-G12C": 14},
    "nlr": {"low": 14, "high": 13},
    "plr": {"low": 14, "high": 13},
}
TARGETS = (
    Target.printed("7.96", "median", "pfs"),
    Target.printed("5.6", "median_low", "pfs"),
    Target.printed("10.3", "median_high", "pfs"),
    Target.printed("12.4", "median", "os"),
    Target.printed("8.2", "median_low", "os"),
    Target.printed("16.6", "median_high", "os"),
    Target.printed("30.3", "follow_up", "os"),
    Target.printed("9.1", "median", "pfs", PRIOR, "0"),
    Target.printed("3.0", "median", "pfs", PRIOR, "1"),
    Target.printed("13.5", "median", "os", PRIOR, "0"),
    Target.printed("5.7", "median", "os", PRIOR, "1"),
    Target.printed("9.0", "median", "pfs", "g12c", "G12C"),
    Target.printed("6.0", "median", "pfs", "g12c", "non-G12C"),
    Target.printed("0.57", "logrank_p", "pfs", "g12c", "G12C"),
    Target.printed("10.6", "median", "os", "g12c", "G12C"),
    Target.printed("9.0", "median", "os", "g12c", "non-G12C"),
    Target.printed("0.75", "logrank_p", "os", "g12c", "G12C"),
    Target.printed("6.0", "median", "pfs", "nlr", "high"),
    Target.printed("9.0", "median", "pfs", "nlr", "low"),
    Target.printed("0.35", "logrank_p", "pfs", "nlr", "high"),
    Target.printed("5.4", "median", "pfs", "plr", "high"),
    Target.printed("9.7", "median", "pfs", "plr", "low"),
    Target.printed("0.28", "logrank_p", "pfs", "plr", "high"),
)


def prior_therapy(hazard_ratios: float, p_values: float) -> tuple[Target, ...]:
    """The six figures of the comparison that cannot all hold, with these weights; the intervals never can."""
    return (
        Target.printed("0.29", "hazard_ratio", "pfs", PRIOR, "0", weight=hazard_ratios),
        Target.printed("0.42", "hazard_ratio", "os", PRIOR, "0", weight=hazard_ratios),
        Target.printed("<0.001", "logrank_p", "pfs", PRIOR, "0", weight=p_values),
        Target.printed("0.025", "logrank_p", "os", PRIOR, "0", weight=p_values),
        Target.printed("0.15", "hazard_ratio_low", "pfs", PRIOR, "0", weight=0),
        Target.printed("0.56", "hazard_ratio_high", "pfs", PRIOR, "0", weight=0),
        Target.printed("0.20", "hazard_ratio_low", "os", PRIOR, "0", weight=0),
        Target.printed("0.89", "hazard_ratio_high", "os", PRIOR, "0", weight=0),
    )


def problem(targets: tuple[Target, ...], lost: tuple[int, int]) -> Problem:
    """27 patients, worst prognosis first, 25 progressions, 21 deaths: two with progressive disease at the first
    assessment, one lost to follow-up between the given days, five alive at the data cut-off, two of them without
    progression."""
    death = Span(True, TWO_CYCLES + AFTER_PROGRESSION, LONGEST)
    alive = Span(False, SHORTEST, LONGEST)
    later = Span(True, NEXT_ASSESSMENT, LONGEST)
    kinds = (
        Kind(1, (Span(True, TWO_CYCLES, TWO_CYCLES), death)),
        Kind(1, (Span(True, TWO_CYCLES + 1, TWO_CYCLES + 14), death)),
        Kind(1, (later, Span(False, *lost))),
        Kind(19, (later, death)),
        Kind(3, (later, alive)),
        Kind(2, (alive, alive)),
    )
    start = tuple(weibull_days(27, months * DAYS_PER_MONTH) for months in (7.96, 12.4))
    return Problem(("pfs", "os"), kinds, start, STRATA, targets, AFTER_PROGRESSION, DAYS_PER_MONTH)


def rebuild(folder: Path, targets: tuple[Target, ...], lost: tuple[int, int], seed: int) -> None:
    """Search from that seed, draw, write patients.csv and adverse_events.csv, check what was written, and renew the
    table of figures in README.md.

    Raises RuntimeError where a pursued figure is missed.
    """
    patients, events = tables(search(problem(targets, lost), seed))
    patients.to_csv(folder / "patients.csv", index=False, lineterminator="\n")
    events.to_csv(folder / "adverse_events.csv", index=False, lineterminator="\n")
    found = outcomes(pd.read_csv(folder / "patients.csv"), targets)
    missed = [o for o in found if o.target.weight and not o.met]
    if missed:
        raise RuntimeError(f"the cohort of seed {seed} misses {missed}")
    card = folder / "README.md"
    card.write_text(with_figures(card.read_text(encoding="utf-8"), found), encoding="utf-8")


WHO = {
    ("", ""): "all patients",
    (PRIOR, "0"): "no prior anti-angiogenic",
    (PRIOR, "1"): "prior anti-angiogenic",
    ("g12c", "G12C"): "G12C",
    ("g12c", "non-G12C"): "non-G12C",
    ("nlr", "high"): f"NLR > {NLR}",
    ("nlr", "low"): f"NLR ≤ {NLR}",
    ("plr", "high"): f"PLR > {PLR}",
    ("plr", "low"): f"PLR ≤ {PLR}",
}
BY = {PRIOR: "by prior anti-angiogenic therapy", "g12c": "G12C v other", "nlr": "by NLR", "plr": "by PLR"}
WHAT: dict[Quantity, str] = {
    "median": "median",
    "median_low": "its SPSS interval, low",
    "median_high": "its SPSS interval, high",
    "follow_up": "median follow-up (reverse Kaplan–Meier)",
    "logrank_p": "log-rank p",
    "hazard_ratio": "Cox HR, no prior v prior",
    "hazard_ratio_low": "its 95 % interval, low",
    "hazard_ratio_high": "its 95 % interval, high",
}


def with_figures(card: str, found: tuple[Outcome, ...]) -> str:
    """The data card with its table of printed and found figures made anew."""
    head, rest = card.split("|---|---|---|---|\n")
    old = rest.partition("\n\n")
    return f"{head}|---|---|---|---|\n{''.join(map(_row, found)).rstrip()}\n\n{old[2]}"


def _row(o: Outcome) -> str:
    t = o.target
    who = BY[t.by] if t.quantity in COMPARISONS else WHO[t.by, t.level]
    met = "yes" if o.met else "**no**"
    return f"| {t.endpoint.upper()}, {who}: {WHAT[t.quantity]} | {t.text} | {o.value:.4g} | {met} |\n"


def outcomes(patients: pd.DataFrame, targets: tuple[Target, ...]) -> tuple[Outcome, ...]:
    """What rows as written in patients.csv have for each target, by the kernel."""
    labels = {
        PRIOR: patients[PRIOR].astype(str).to_numpy(),
        "g12c": np.where(patients["kras_variant"] == "G12C", "G12C", "non-G12C"),
        "nlr": np.where(patients["nlr"] > NLR, "high", "low"),
        "plr": np.where(patients["plr"] > PLR, "high", "low"),
    }
    found = []
    for t in targets:
        months = patients[f"{t.endpoint}_days"].to_numpy() / DAYS_PER_MONTH
        event = patients[f"{t.endpoint}_event"].to_numpy() == 1
        found.append(Outcome(t, measure(t, months, event, labels.get(t.by))))
    return tuple(found)


def tables(found: Found) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and adverse events: what was searched, and around it columns drawn to the printed totals.

    One random stream serves all draws, so their order is part of the seed.
    """
    rng = np.random.default_rng([found.seed, 27])
    n = len(found.time["os"])
    columns = {
        "age": draw.whole_numbers(rng, n, median=63, low=36, high=80, spread=10),
        "sex": draw.dealt(rng, {"M": 23, "F": 4}),
        "ecog": draw.dealt(rng, {"0-1": 23, "2": 4}),
        "histology": draw.dealt(rng, {"adenocarcinoma": 26, "squamous cell carcinoma": 1}),
        "kras_variant": _variants(rng, found),
        "brain_metastases": draw.flagged(rng, n, 2).astype(int),
        "liver_metastases": draw.flagged(rng, n, 4).astype(int),
        "bone_metastases": draw.flagged(rng, n, 5).astype(int),
        **_prior_therapies(rng, found),
        "prior_lines": draw.dealt(rng, {"1": 8, "2": 12, ">=3": 7}),
        **_blood_counts(rng, found),
        "start_date": _starts(rng, found),
        "data_cutoff_date": CUTOFF,
        "best_response": _responses(rng, found),
    }
    for endpoint in found.time:
        columns[f"{endpoint}_days"] = found.time[endpoint]
        columns[f"{endpoint}_event"] = found.event[endpoint].astype(int)
    patients = pd.DataFrame(columns).sort_values(["start_date", "pfs_days"], ignore_index=True)
    patients.insert(0, "patient_id", [f"REC-{i + 1:02d}" for i in range(n)])
    return patients, _adverse_events(rng, patients["patient_id"])


def _variants(rng: np.random.Generator, found: Found) -> np.ndarray:
    variants = np.where(found.labels["g12c"] == "G12C", "G12C", "other")
    variants[found.labels["g12c"] != "G12C"] = draw.dealt(rng, {"G12V": 7, "G12D": 5, "other": 2})
    return variants


def _prior_therapies(rng: np.random.Generator, found: Found) -> dict[str, np.ndarray]:
    """Chemotherapy and immunotherapy beside the anti-angiogenic therapy that the search dealt; nobody had none."""
    prior = found.labels[PRIOR] == "1"
    chemo, ici = draw.until(
        lambda: (draw.flagged(rng, len(prior), 24), draw.flagged(rng, len(prior), 18)),
        lambda drawn: bool((drawn[0] | drawn[1] | prior).all()),
    )
    flags = {"prior_chemo": chemo, "prior_ici": ici, PRIOR: prior}
    return {name: flag.astype(int) for name, flag in flags.items()}


def _blood_counts(rng: np.random.Generator, found: Found) -> dict[str, np.ndarray]:
    """Counts on the side of both cut-offs that the search dealt; one low patient of each holds the median."""
    sides = {}
    for ratio in ("nlr", "plr"):
        sides[ratio] = found.labels[ratio].astype("<U6")
        sides[ratio][rng.choice(np.flatnonzero(sides[ratio] == "low"))] = "median"
    counts = [draw.blood_counts(rng, (NLR, a), (PLR, b)) for a, b in zip(sides["nlr"], sides["plr"], strict=True)]
    return {
        "neutrophils_10e9_per_l": np.array([c.neutrophils for c in counts]),
        "lymphocytes_10e9_per_l": np.array([c.lymphocytes for c in counts]),
        "platelets_10e9_per_l": np.array([c.platelets for c in counts]),
        "nlr": np.array([round(c.nlr, 2) for c in counts]),
        "plr": np.array([round(c.plr, 2) for c in counts]),
    }


def _starts(rng: np.random.Generator, found: Found) -> list[date]:
    """The cut-off less the time for whoever was alive then; for the others any day that leaves room for theirs."""
    starts = []
    for days, died in zip(found.time["os"].tolist(), found.event["os"], strict=True):
        latest = min(LAST_START, CUTOFF - timedelta(days=days))
        at_cutoff = not died and days >= SHORTEST
        room = (latest - FIRST_START).days
        starts.append(latest if at_cutoff else FIRST_START + timedelta(days=int(rng.integers(room + 1))))
    return starts


def _responses(rng: np.random.Generator, found: Found) -> np.ndarray:
    """Progressive disease where progression came at the first assessment; the other responses at random."""
    progressive = found.time["pfs"] < NEXT_ASSESSMENT
    responses = np.where(progressive, "PD", "SD")
    responses[~progressive] = draw.dealt(rng, {"PR": 9, "SD": 16})
    return responses


def _adverse_events(rng: np.random.Generator, ids: pd.Series) -> pd.DataFrame:
    rows = (
        draw.EventRow("Hypertension", 16, 3),
        draw.EventRow("Hand-foot syndrome", 13, 2),
        draw.EventRow("ALT increased", 5, 1),
        draw.EventRow("Proteinuria", 7, 1),
    )
    grades = draw.adverse_events(rng, len(ids), rows, any_event=27, any_severe=7)
    listed = [
        (id, row.term, g, 1)
        for id, own in zip(ids, grades, strict=True)
        for row, g in zip(rows, own, strict=False)
        if g
    ]
    return pd.DataFrame(listed, columns=["patient_id", "term", "grade", "related"])
