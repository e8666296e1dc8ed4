"""cBioPortal's study files are joined to one table of patients; all patients here are simulated."""

import pytest

from kras_core.cohort.files import open_tables
from kras_core.cohort.forms.cbioportal import case_list, variant
from tests.cohort.files import one

HASHES = "#Patient\tStatus\tMonths\n#Pseudonym\tVital status\tMonths\n#STRING\tSTRING\tNUMBER\n#1\t1\t1\n"
PATIENTS = (
    "PATIENT_ID\tOS_STATUS\tOS_MONTHS\n"
    + "\n".join(f"P{i}\t{'1:DECEASED' if i % 2 else '0:LIVING'}\t{i}.5" for i in range(1, 7))
    + "\n"
)
SAMPLES = (
    "PATIENT_ID\tSAMPLE_ID\tTMB_NONSYNONYMOUS\tSTAGE\n"
    "P1\tS1\t3\tIV\nP2\tS2a\t\tI\nP2\tS2b\t\tII\nP3\tS3\t0.0\tIV\n"
    "P4\tS4\t\tIV\nP5\tS5\t2\t[Not Available]\nP6\tS6\t1\tIV\n"
)
MUTATIONS = (
    "#version 2.4\nHugo_Symbol\tHGVSp_Short\tTumor_Sample_Barcode\tVariant_Classification\n"
    "KRAS\tp.G12D\tS1\tMissense_Mutation\nKRAS\tp.G12C\tS1\tMissense_Mutation\nKRAS\tp.A59T\tS2b\tMissense_Mutation\n"
    "TP53\tp.R175H\tS2b\tMissense_Mutation\nKRAS\t\tS5\tIntron\nSTK11\tp.Q37*\tS6\tNonsense_Mutation\n"
)
CASES = "cancer_study_identifier: sim\nstable_id: sim_sequenced\ncase_list_ids: S1\tS4\n"
META = "cancer_study_identifier: sim\nname: A study: simulated\n"


def joined(**parts):
    """The table of patients and all that was noticed; files are named so that their names say nothing."""
    found = open_tables([(f"{i}.txt", text.encode()) for i, text in enumerate(parts.values())])
    assert found.form == "cbioportal"
    (table,) = found.tables
    return table, found.problems


def values(table, name):
    column = table.column(name)
    assert column is not None, name
    return list(column)


ALL = {"p": PATIENTS, "s": SAMPLES, "m": MUTATIONS}


def test_patients_samples_and_mutations_become_one_table_whatever_their_order():
    for parts in (ALL, dict(reversed(ALL.items()))):
        table, _ = joined(**parts)
        assert values(table, "PATIENT_ID") == ["P1", "P2", "P3", "P4", "P5", "P6"]
        assert values(table, "OS_STATUS")[:2] == ["1:DECEASED", "0:LIVING"]
        assert values(table, "SAMPLE_ID") == ["S1", "S2b", "S3", "S4", "S5", "S6"]


def test_wild_type_needs_a_sequenced_sample():
    table, problems = joined(**ALL)
    # P3 has a burden of zero and so was sequenced; nothing is known of P4; P5's only change lies in an intron.
    assert values(table, "kras_variant") == ["G12C", "other", "wild type", "", "wild type", "wild type"]
    assert values(table, "stk11") == ["0", "0", "0", "", "0", "1"]
    assert values(table, "tp53") == ["0", "1", "0", "", "0", "0"]
    said = one(problems, "derived").sentence
    assert "wild type 3, G12C 1, other 1, not known to be sequenced 1" in said
    assert "1 samples have several KRAS mutations" in said and "1 mutations that leave the protein unchanged" in said


def test_a_case_list_says_who_was_sequenced():
    table, _ = joined(**ALL, c=CASES, meta=META)
    assert values(table, "kras_variant")[3] == "wild type"


def test_several_samples_of_a_patient_are_said():
    _, problems = joined(**ALL)
    problem = one(problems, "several-samples")
    assert (problem.severity, "1 patients have several samples" in problem.sentence) == ("warning", True)


def test_a_sample_without_a_name_is_nobodys():
    table, _ = joined(p=PATIENTS, s=SAMPLES.replace("P1\tS1\t", "P1\t\t"))
    assert values(table, "SAMPLE_ID")[:2] == ["", "S2a"]


def test_the_portals_words_for_nothing_are_emptied_and_said():
    table, problems = joined(**ALL)
    assert values(table, "STAGE") == ["IV", "II", "IV", "IV", "", "IV"]
    assert "[Not Available] in 1 rows: read as missing" in one(problems, "missing-word").sentence


def test_lines_with_a_hash_may_be_there_or_not():
    table, _ = joined(p=HASHES + PATIENTS, s=SAMPLES)
    bare, _ = joined(p=PATIENTS, s=SAMPLES)
    assert table.labels == {
        "PATIENT_ID": "Patient: Pseudonym",
        "OS_STATUS": "Status: Vital status",
        "OS_MONTHS": "Months",
    }
    assert [list(c) for c in table.columns] == [list(c) for c in bare.columns]
    assert (table.rows - bare.rows).tolist() == [4] * 6


def test_samples_alone_give_one_row_a_patient():
    table, _ = joined(s=SAMPLES, m=MUTATIONS)
    assert values(table, "SAMPLE_ID") == ["S1", "S2b", "S3", "S4", "S5", "S6"]
    assert values(table, "kras_variant")[:2] == ["G12C", "other"]


def test_timelines_give_first_days_and_agents():
    timeline = "PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tAGENT\n"
    timeline += "P1\t40\t60\tTREATMENT\tSotorasib\nP1\t5\t30\tTREATMENT\tCarboplatin\nP2\t-3\t\tSURGERY\t\n"
    table, _ = joined(p=PATIENTS, t=timeline)
    assert values(table, "treatment_first_day")[:3] == ["5", "", ""]
    assert values(table, "surgery_first_day")[:3] == ["", "-3", ""]
    assert values(table, "agents")[:2] == ["Sotorasib; Carboplatin", ""]


def test_mutations_alone_and_samples_of_nobody_are_refused():
    for files in ([MUTATIONS], [SAMPLES.replace("PATIENT_ID", "X"), MUTATIONS]):
        found = open_tables([(f"{i}.txt", text.encode()) for i, text in enumerate(files)])
        assert (found.tables, one(found.problems, "no-patients").severity) == ((), "error")


@pytest.mark.parametrize(
    ("changes", "is_"),
    [
        ([], "wild type"),
        (["p.G12C"], "G12C"),
        (["p.S145*", "p.G12C"], "G12C"),
        (["p.G12D", "G12C"], "G12C"),
        (["p.A59T", "p.Q61H"], "Q61H"),
        (["p.G12_G13delinsDC"], "other"),
        ([""], "other"),
    ],
)
def test_of_several_changes_the_first_in_the_dictionarys_order_counts(changes, is_):
    assert variant(changes) == is_


def test_a_meta_file_is_told_from_a_table():
    assert case_list(META.encode()) == frozenset()
    assert case_list(CASES.encode()) == {"S1", "S4"}
    assert case_list(b"patient_id,note\nSIM-01,a: b\n") is None
