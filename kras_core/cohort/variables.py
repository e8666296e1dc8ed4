"""The variable dictionary: every column that KRAScope knows by name, in one table.

Readers, validation, template and documentation all follow from these rows: adding a column touches
this table alone. Endpoints are open: `<id>_months` or `<id>_days` with `<id>_event` is one for any id
(`variable` describes such a column too).
"""

import re
from dataclasses import dataclass
from typing import Literal

from kras_core.cohort.endpoints import endpoint

Kind = Literal["id", "number", "integer", "category", "flag", "date", "text"]
Table = Literal["patients", "adverse_events", "target_lesions"]
Role = Literal[
    "id", "demographic", "disease", "treatment", "laboratory", "date", "outcome", "response", "adverse event"
]

_CENTURY = {"months": 1_200.0, "days": 36_525.0}
ENDPOINT_COLUMN = re.compile(r"^([a-z][a-z0-9_]*)_(months|days|event)$")


@dataclass(frozen=True, slots=True)
class Variable:
    """One column: name, label, kind, unit, allowed levels or range (inclusive), role, and a note for the template.

    A flag is 0 or 1 (yes/no, true/false, y/n are read as such). A category without levels is open and
    takes any text. aliases: other spellings, each with the level it is read as. post_baseline: known
    only after the start, so that comparing outcomes by it needs a landmark.
    """

    name: str
    label: str
    kind: Kind
    role: Role
    unit: str = ""
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False
    note: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    post_baseline: bool = False

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        if self.kind == "flag":
            return "0 or 1"
        if self.kind == "date":
            return "a date, year-month-day, such as 2021-03-15"
        if self.levels:
            return "one of " + ", ".join(self.levels)
        if self.kind in ("number", "integer"):
            return _range_words("a whole number" if self.kind == "integer" else "a number", self)
        return "one name or number per patient" if self.kind == "id" else "any text"


def _range_words(noun: str, variable: Variable) -> str:
    low, high, unit = variable.low, variable.high, f" {variable.unit}" if variable.unit else ""
    if low is not None and high is not None:
        return f"{noun} from {low:g} to {high:g}{unit}"
    if low is not None:
        return f"{noun}{unit and ' of'}{unit}, {low:g} or more"
    return f"{noun}{unit and ' of'}{unit}"


def _flag(name: str, label: str, role: Role, note: str = "", post_baseline: bool = False) -> Variable:
    return Variable(name, label, "flag", role, note=note, post_baseline=post_baseline)


def _category(
    name: str,
    label: str,
    role: Role,
    levels: tuple[str, ...] = (),
    note: str = "",
    aliases: tuple[tuple[str, str], ...] = (),
    post_baseline: bool = False,
) -> Variable:
    return Variable(
        name, label, "category", role, levels=levels, note=note, aliases=aliases, post_baseline=post_baseline
    )


def _number(name: str, label: str, role: Role, unit: str, low: float, high: float, note: str = "") -> Variable:
    return Variable(name, label, "number", role, unit, low=low, high=high, note=note)


def _date(name: str, label: str, note: str = "") -> Variable:
    return Variable(name, label, "date", "date", note=note)


def _time(id: str, unit: Literal["months", "days"]) -> Variable:
    note = "From the start of treatment to the event or, without one, to the last time known to be without it."
    return _number(f"{id}_{unit}", f"{endpoint(id).label} ({unit})", "outcome", unit, 0, _CENTURY[unit], note)


def _event(id: str) -> Variable:
    known = endpoint(id)
    return _flag(f"{id}_event", f"{known.label}: event", "outcome", f"0 = censored, 1 = {known.event}.")


_EARLY_STAGES = ("0", "I", "IA", "IA1", "IA2", "IA3", "IB", "II", "IIA", "IIB")
_STAGES = (*_EARLY_STAGES, "III", "IIIA", "IIIB", "IIIC", "IV", "IVA", "IVB")
_KRAS = ("G12C", "G12V", "G12D", "G12A", "G12S", "G12R", "G12F", "G13C", "G13D", "Q61H", "Q61L", "other", "wild type")
_HISTOLOGIES = (
    "adenocarcinoma",
    "squamous cell carcinoma",
    "large cell",
    "adenosquamous",
    "not otherwise specified",
    "other",
)
_LAB = "Baseline, before the first dose."

VARIABLES: dict[str, Variable] = {
    v.name: v
    for v in (
        Variable("patient_id", "Patient", "id", "id", required=True, note="A pseudonym; every patient has one row."),
        _category("centre", "Centre", "demographic"),
        _number("age", "Age", "demographic", "years", 0, 120, "At the start of treatment."),
        _category(
            "sex",
            "Sex",
            "demographic",
            ("M", "F"),
            aliases=(("male", "M"), ("man", "M"), ("female", "F"), ("woman", "F")),
        ),
        _category(
            "ecog",
            "ECOG performance status",
            "demographic",
            ("0", "1", "0-1", "2", "3", "4"),
            "At the start of treatment; 0-1 where only that is recorded.",
        ),
        _category("smoking", "Smoking", "demographic", ("never", "former", "current")),
        _category(
            "histology",
            "Histology",
            "disease",
            _HISTOLOGIES,
            aliases=(
                ("adeno", "adenocarcinoma"),
                ("squamous", "squamous cell carcinoma"),
                ("large cell carcinoma", "large cell"),
                ("adenosquamous carcinoma", "adenosquamous"),
                ("nos", "not otherwise specified"),
            ),
        ),
        _category(
            "kras_variant",
            "KRAS variant",
            "disease",
            _KRAS,
            aliases=(
                *((f"p.{v}", v) for v in _KRAS if v[0] in "GQ"),
                ("wt", "wild type"),
                ("wild-type", "wild type"),
                ("wildtype", "wild type"),
            ),
        ),
        _category("stage", "Stage", "disease", _STAGES, "At the start of treatment; say which TNM edition elsewhere."),
        _number("pdl1_tps", "PD-L1 tumour proportion score", "disease", "%", 0, 100, "1 means 1 %; below 1 % write 0."),
        _flag("stk11", "STK11 mutated", "disease"),
        _flag("keap1", "KEAP1 mutated", "disease"),
        _flag("tp53", "TP53 mutated", "disease"),
        _flag("brain_metastases", "Brain metastases", "disease"),
        _flag("liver_metastases", "Liver metastases", "disease"),
        _flag("bone_metastases", "Bone metastases", "disease"),
        _flag("prior_chemo", "Prior chemotherapy", "treatment"),
        _flag("prior_ici", "Prior immunotherapy", "treatment", "Immune checkpoint inhibitor."),
        _category(
            "prior_ici_end",
            "Prior immunotherapy ended by",
            "treatment",
            ("progression", "intolerance", "completed", "other"),
        ),
        _flag("prior_antiangiogenic", "Prior anti-angiogenic therapy", "treatment"),
        _flag("prior_g12c_inhibitor", "Prior KRAS G12C inhibitor", "treatment"),
        _category(
            "prior_lines",
            "Prior lines",
            "treatment",
            (*map(str, range(10)), ">=3"),
            "Lines of systemic therapy before this one; >=3 where only that is recorded.",
            aliases=(("≥3", ">=3"), ("3+", ">=3"), (">= 3", ">=3"), ("≥ 3", ">=3")),
        ),
        _number("neutrophils_10e9_per_l", "Neutrophils", "laboratory", "10⁹/L", 0, 200, _LAB),
        _number("lymphocytes_10e9_per_l", "Lymphocytes", "laboratory", "10⁹/L", 0, 500, _LAB),
        _number("platelets_10e9_per_l", "Platelets", "laboratory", "10⁹/L", 0, 5000, _LAB),
        _number("albumin_g_per_l", "Albumin", "laboratory", "g/L", 10, 70, _LAB + " Not g/dL: 4.1 g/dL is 41 g/L."),
        _number("nlr", "NLR", "laboratory", "", 0, 1000, "Neutrophils / lymphocytes; derived where empty."),
        _number("plr", "PLR", "laboratory", "", 0, 50000, "Platelets / lymphocytes; derived where empty."),
        _number(
            "pni",
            "PNI",
            "laboratory",
            "",
            0,
            3000,
            "10 × albumin (g/dL) + 0.005 × lymphocytes (per mm³); derived where empty.",
        ),
        _number("anlotinib_dose_mg", "Anlotinib starting dose", "treatment", "mg", 0, 12),
        _flag("anlotinib_reduced", "Anlotinib dose reduced", "treatment", post_baseline=True),
        _category("off_treatment_reason", "Reason off treatment", "treatment", post_baseline=True),
        _category("next_therapy", "Next therapy", "treatment", post_baseline=True),
        _date("start_date", "Start of treatment"),
        _date("progression_date", "Progression"),
        _date("death_date", "Death"),
        _date("last_contact_date", "Last contact"),
        _date("last_assessment_date", "Last tumour assessment"),
        _date("treatment_end_date", "End of treatment"),
        _date("data_cutoff_date", "Data cut-off"),
        _time("pfs", "months"),
        _time("pfs", "days"),
        _event("pfs"),
        _time("os", "months"),
        _time("os", "days"),
        _event("os"),
        _number(
            "entry_months",
            "Delayed entry (months)",
            "outcome",
            "months",
            0,
            _CENTURY["months"],
            "Start to entry, all endpoints.",
        ),
        _number(
            "entry_days",
            "Delayed entry (days)",
            "outcome",
            "days",
            0,
            _CENTURY["days"],
            "Start to entry, all endpoints.",
        ),
        _category(
            "best_response",
            "Best response",
            "response",
            ("CR", "PR", "SD", "PD", "NE"),
            "RECIST 1.1; NE = not evaluable.",
            post_baseline=True,
        ),
        _flag("response_confirmed", "Response confirmed", "response", post_baseline=True),
        _date("response_date", "First response", "First scan with CR or PR; empty without a response."),
        Variable(
            "response_months",
            "Time to response",
            "number",
            "response",
            "months",
            low=0,
            high=_CENTURY["months"],
            note="Start to first response; derived from response_date where empty.",
            post_baseline=True,
        ),
        Variable(
            "best_change_percent",
            "Best change of target lesions",
            "number",
            "response",
            "%",
            low=-100,
            high=1000,
            note="Smallest sum of diameters after the start against baseline: -45 means 45 % smaller.",
            post_baseline=True,
        ),
    )
}

ADVERSE_EVENT_VARIABLES: dict[str, Variable] = {
    v.name: v
    for v in (
        Variable("patient_id", "Patient", "id", "id", required=True, note="As in the table of patients."),
        Variable("term", "Adverse event", "text", "adverse event", required=True, note="One row per event."),
        Variable(
            "grade",
            "CTCAE grade",
            "integer",
            "adverse event",
            low=1,
            high=5,
            required=True,
            note="The worst grade of this event; leave out what did not happen.",
        ),
        _flag("related", "Related to treatment", "adverse event"),
        _flag("immune_related", "Immune-related", "adverse event"),
    )
}

_SCAN = "Of the scan, from the start of treatment on; 0 or less before the first dose."

TARGET_LESION_VARIABLES: dict[str, Variable] = {
    v.name: v
    for v in (
        Variable("patient_id", "Patient", "id", "id", required=True, note="As in the table of patients."),
        Variable(
            "days",
            "Day of the scan",
            "number",
            "response",
            "days",
            low=-_CENTURY["days"],
            high=_CENTURY["days"],
            note=_SCAN,
        ),
        Variable(
            "months",
            "Month of the scan",
            "number",
            "response",
            "months",
            low=-_CENTURY["months"],
            high=_CENTURY["months"],
            note="Where there are no days.",
        ),
        _date("assessment_date", "Date of the scan", "Instead of days or months; needs the patient's start_date."),
        Variable(
            "sum_mm",
            "Sum of diameters of target lesions",
            "number",
            "response",
            "mm",
            low=0,
            high=2_000,
            required=True,
            note="RECIST 1.1: longest diameters, of lymph nodes the short axis. One row per scan, baseline included.",
        ),
    )
}

# Tables that a file may hold beside that of the patients, with several rows a patient.
BESIDE: dict[Table, dict[str, Variable]] = {
    "adverse_events": ADVERSE_EVENT_VARIABLES,
    "target_lesions": TARGET_LESION_VARIABLES,
}
TABLES: dict[Table, dict[str, Variable]] = {"patients": VARIABLES, **BESIDE}


def column_key(header: str) -> str:
    """A header as the dictionary would write it: "Patient ID" and "patient-id" are patient_id."""
    return re.sub(r"[\s\-.]+", "_", header.strip().lower())


def variable(name: str) -> Variable | None:
    """The dictionary's row for a patients' column; for a time or event column of any endpoint, one made to measure."""
    if name in VARIABLES:
        return VARIABLES[name]
    match = ENDPOINT_COLUMN.match(name)
    if not match:
        return None
    id, part = match.groups()
    return _event(id) if part == "event" else _time(id, "months" if part == "months" else "days")
