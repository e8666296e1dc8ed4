"""cBioPortal's study files -> one table of patients: clinical patient, sample, mutations, timeline, in any naming.

Files are told apart by their columns. A column's values stay as written ("1:DECEASED"); mapping resolves
them. File formats: https://docs.cbioportal.org/file-formats/
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.forms.columns import Building, first_row, named, texts
from kras_core.cohort.problems import Problem
from kras_core.cohort.variables import VARIABLES

GENES = ("STK11", "KEAP1", "TP53")
WILD_TYPE = "wild type"

# Classes of the mutation annotation format that leave the protein as it is, or only may change it.
_SILENT = frozenset(
    {"silent", "intron", "igr", "rna", "3'utr", "5'utr", "3'flank", "5'flank", "splice_region", "targeted_region"}
)
_NOT_CALLED = frozenset({"wildtype", "uncalled", "rejected", "none"})
# Only a sequenced sample has a value here, zero included.
_SAYS_SEQUENCED = ("TMB_NONSYNONYMOUS", "MUTATION_COUNT", "GENE_PANEL", "TMB (nonsynonymous)", "Mutation Count")
_UNKNOWN = re.compile(r"\[(not |un|discrep|complet)[\w ]*\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Study:
    """The files by what they hold; None or nothing where there is none."""

    patients: RawTable | None
    samples: RawTable | None
    mutations: RawTable | None
    timelines: tuple[RawTable, ...]
    others: tuple[RawTable, ...]


def holds(tables: Sequence[RawTable]) -> bool:
    """Whether these are files of a study: mutations, samples with patients, or statuses written "1:DECEASED"."""
    study = _sorted(tables)
    if study.mutations is not None or (study.timelines and study.patients is not None):
        return True
    if study.samples is not None:
        return study.samples.column("patient_id") is not None and (
            study.patients is not None or "SAMPLE_ID" in study.samples.header or "study_id" in study.samples.keys
        )
    return study.patients is not None and _has_status(study.patients)


def _has_status(table: RawTable) -> bool:
    statuses = [c for key, c in zip(table.keys, table.columns, strict=True) if key.endswith("_status")]
    return any(re.match(r"[01]:", value) for column in statuses for value in column[:100])


def case_list(content: bytes) -> frozenset[str] | None:
    """The samples that a case list names as sequenced; empty for any other meta file, None for what is none."""
    lines = content[:2_000_000].decode("utf-8", "replace").splitlines()
    said = dict(line.split(":", 1) for line in lines if re.match(r"[a-zA-Z_ ]+:", line))
    if not said or len(said) < len([line for line in lines if line.strip()]) or "cancer_study_identifier" not in said:
        return None
    is_sequenced = said.get("stable_id", "").strip().endswith(("_sequenced", "_cnaseq", "_3way_complete"))
    return frozenset(said.get("case_list_ids", "").split()) if is_sequenced else frozenset()


def join(
    tables: Sequence[RawTable], sequenced: frozenset[str] = frozenset()
) -> tuple[tuple[RawTable, ...], list[Problem]]:
    """One table of patients from a study's files, and what was done. sequenced: samples of the case list."""
    study = _sorted(tables)
    base = study.patients or study.samples
    if base is None:
        remedy = "The file of mutations alone has no patients. Add the clinical patient or sample file."
        return (), [tables[0].problem("error", "no-patients", remedy=remedy)]
    ids = base.column("patient_id")
    if ids is None:
        remedy = "The samples belong to no patients. Add the column PATIENT_ID."
        return (), [base.problem("error", "no-patients", expected="a column PATIENT_ID", remedy=remedy)]
    problems = [_left_out(table) for table in study.others]
    of_patient = _samples_of(study.samples)
    seen = _sequenced(study, sequenced)
    chosen = {patient: next((s for s in names if s in seen), names[0]) for patient, names in of_patient.items()}
    kept = np.arange(base.n) if study.patients else _rows_of(base, chosen)
    made = Building(base.file, base.rows[kept])
    made.take(base, (), lambda column: column[kept])
    if study.samples is not None and study.patients is not None:
        _add_samples(made, study.samples, ids, chosen)
    problems += _said_of_samples(study.samples, of_patient)
    if study.mutations is not None:
        problems += _add_mutations(made, study.mutations, ids[kept], of_patient, seen)
    for timeline in study.timelines:
        problems.append(_add_timeline(made, timeline, ids[kept]))
    return (_without_unknown(made, problems).table(),), problems


def _sorted(tables: Sequence[RawTable]) -> _Study:
    patients = samples = mutations = None
    timelines, others = [], []
    for table in tables:
        keys = set(table.keys)
        if "hugo_symbol" in keys and "tumor_sample_barcode" in keys:
            mutations, others = mutations or table, others + ([table] if mutations else [])
        elif {"patient_id", "start_date", "event_type"} <= keys:
            timelines.append(table)
        elif "sample_id" in keys and samples is None:
            samples = table
        elif "patient_id" in keys and patients is None:
            patients = table
        else:
            others.append(table)
    return _Study(patients, samples, mutations, tuple(timelines), tuple(others))


def _left_out(table: RawTable) -> Problem:
    remedy = "Left out: no clinical patient, sample, mutation or timeline file, or a second one of its kind."
    return table.problem("warning", "left-out", remedy=remedy)


# Samples


def _samples_of(samples: RawTable | None) -> dict[str, list[str]]:
    """The samples of every patient, in the order of the file."""
    found: dict[str, list[str]] = {}
    if samples is not None and samples.column("patient_id") is not None:
        for patient, sample in zip(_cells(samples, "patient_id"), _cells(samples, "sample_id"), strict=True):
            found.setdefault(patient, []).append(sample)
    return found


def _cells(table: RawTable, *names: str) -> np.ndarray:
    """The first of these columns, empty texts where there is none."""
    column = named(table, *names)
    return np.full(table.n, "", dtype=object) if column is None else column


def _sequenced(study: _Study, listed: frozenset[str]) -> frozenset[str]:
    """Samples known to be sequenced: in the case list, with any mutation, or with a mutation count or burden."""
    found = set(listed)
    if study.mutations is not None:
        found |= set(_cells(study.mutations, "tumor_sample_barcode"))
    if study.samples is not None:
        for name in _SAYS_SEQUENCED:
            counts = named(study.samples, name)
            if counts is not None:
                found |= set(_cells(study.samples, "sample_id")[~coerce.missing(counts)])
    return frozenset(found - {""})


def _rows_of(samples: RawTable, chosen: Mapping[str, str]) -> np.ndarray:
    """The rows of the chosen samples, in the order of the file."""
    rows = first_row(_cells(samples, "sample_id"))
    return np.array(sorted(rows[sample] for sample in chosen.values() if sample in rows), dtype=np.int64)


def _add_samples(made: Building, samples: RawTable, ids: np.ndarray, chosen: Mapping[str, str]) -> None:
    rows = first_row(_cells(samples, "sample_id"))
    at = np.array([rows.get(chosen.get(id, ""), -1) for id in ids], dtype=np.int64)
    made.take(samples, ("patient_id",), lambda column: np.append(column, "")[at])


def _said_of_samples(samples: RawTable | None, of_patient: Mapping[str, list[str]]) -> list[Problem]:
    if samples is None:
        return []
    several = sum(len(names) > 1 for names in of_patient.values())
    if not several:
        return [samples.problem("note", "joined", remedy="Joined to the patients by PATIENT_ID, one sample a patient.")]
    remedy = (
        f"{several:,} patients have several samples: the columns are those of the first that was sequenced, else of "
        "the first in the file; a gene counts as mutated where any of the patient's samples has a mutation."
    )
    return [samples.problem("warning", "several-samples", remedy=remedy)]


# Mutations


def _add_mutations(
    made: Building,
    mutations: RawTable,
    ids: np.ndarray,
    of_patient: Mapping[str, list[str]],
    seen: frozenset[str],
) -> list[Problem]:
    """kras_variant and a flag for each of GENES; empty for who was not sequenced."""
    genes = _cells(mutations, "hugo_symbol")
    samples = _cells(mutations, "tumor_sample_barcode")
    counted = _counted(mutations)
    changes = _cells(mutations, "HGVSp_Short", "Amino_Acid_Change", "Protein_Change")

    def changed(gene: str) -> dict[str, list[str]]:
        """The gene's changes by sample."""
        found: dict[str, list[str]] = {}
        for i in np.flatnonzero(counted & (genes == gene)):
            found.setdefault(samples[i], []).append(changes[i])
        return found

    names = [of_patient.get(id, []) + [id] for id in ids]
    was_sequenced = [any(s in seen for s in samples_of) for samples_of in names]
    kras = changed("KRAS")
    variants = [
        variant(change for s in samples_of for change in kras.get(s, ())) if known else ""
        for samples_of, known in zip(names, was_sequenced, strict=True)
    ]
    made.add(_free(made, "kras_variant"), texts(variants), "KRAS variant, from the file of mutations")
    for gene in GENES:
        flagged = changed(gene)
        values = ("1" if any(s in flagged for s in of) else "0" for of in names)
        shown = texts(v if known else "" for v, known in zip(values, was_sequenced, strict=True))
        made.add(_free(made, gene.lower()), shown, f"{gene} mutated, from the file of mutations")
    return _said_of_mutations(mutations, variants, changed("KRAS"), int((~counted).sum()))


def _free(made: Building, name: str) -> str:
    return f"{name}_sequenced" if name in map(str.lower, made.columns) else name


def _counted(mutations: RawTable) -> np.ndarray:
    """Which rows (n,) are mutations that change the protein: neither silent nor outside the coding region."""
    silent = np.isin(texts(map(str.lower, _cells(mutations, "Variant_Classification"))), [*_SILENT])
    called = ~np.isin(texts(map(str.lower, _cells(mutations, "Mutation_Status"))), [*_NOT_CALLED])
    return ~silent & called


def variant(changes: Iterable[str]) -> str:
    """The dictionary's KRAS variant for one patient's protein changes; wild type where there are none.

    Whoever has several counts under the first in the dictionary's order, which begins with G12C; a change
    that it does not name is "other".
    """
    plain = [change.strip().removeprefix("p.") for change in changes]
    levels = [level for level in VARIABLES["kras_variant"].levels if level not in ("other", WILD_TYPE)]
    return next((level for level in levels if level in plain), "other" if plain else WILD_TYPE)


def _said_of_mutations(
    mutations: RawTable, variants: Sequence[str], kras: Mapping[str, list[str]], silent: int
) -> list[Problem]:
    mutated = [v for v in variants if v not in ("", WILD_TYPE)]
    several = sum(len(changes) > 1 for changes in kras.values())
    wild, g12c, unknown = variants.count(WILD_TYPE), variants.count("G12C"), variants.count("")
    remedy = (
        f"KRAS: wild type {wild:,}, G12C {g12c:,}, other {len(mutated) - g12c:,}, not known to be sequenced "
        f"{unknown:,}. Wild type needs a sequenced sample: in a case list, with any mutation, or with a count or "
        f"burden of mutations. {several:,} samples have several KRAS mutations: one of them G12C counts as G12C. "
        f"{silent:,} mutations that leave the protein unchanged are not counted. A gene that the panel leaves out "
        "counts as not mutated."
    )
    return [mutations.problem("note", "derived", "kras_variant", remedy=remedy)]


# Timelines


def _add_timeline(made: Building, timeline: RawTable, ids: np.ndarray) -> Problem:
    """For every type of event the day on which it first occurred, and the agents of treatment."""
    types = _cells(timeline, "event_type")
    days, unread, _ = coerce.numbers(_cells(timeline, "start_date"))
    patients = _cells(timeline, "patient_id")
    kinds = sorted(set(types) - {""})
    for kind in kinds:
        rows = np.flatnonzero((types == kind) & ~np.isnan(days) & ~unread)
        first: dict[str, float] = {}
        for i in rows:
            first[patients[i]] = min(days[i], first.get(patients[i], np.inf))
        name = f"{kind.lower().replace(' ', '_')}_first_day"
        values = texts(f"{first[id]:g}" if id in first else "" for id in ids)
        made.add(_free(made, name), values, f"{kind.capitalize()}: first day")
    agents = named(timeline, "agent")
    if agents is not None:
        given: dict[str, dict[str, None]] = {}
        for patient, agent in zip(patients, agents, strict=True):
            if agent:
                given.setdefault(patient, {})[agent] = None
        made.add(_free(made, "agents"), texts("; ".join(given.get(id, ())) for id in ids), "Agents given")
    remedy = (
        f"Of {len(kinds)} types of event the first day of each patient was taken; days count from the study's zero."
    )
    return timeline.problem("note", "joined", remedy=remedy)


def _without_unknown(made: Building, problems: list[Problem]) -> Building:
    """ "[Not Available]" and its like are cBioPortal's words for nothing: emptied, and said."""
    for name, column in made.columns.items():
        words = {t for t in set(column) if _UNKNOWN.fullmatch(t)}
        if words:
            unknown = np.isin(column, [*words])
            made.columns[name] = np.where(unknown, "", column)  # type: ignore[call-overload]
            remedy = f"{', '.join(sorted(words))} in {int(unknown.sum()):,} rows: read as missing."
            problems.append(Problem("note", "missing-word", made.file, column=name, remedy=remedy))
    return made
