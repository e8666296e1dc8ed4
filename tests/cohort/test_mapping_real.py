"""Mapping real files, where the machine has them (KRASCOPE_REAL_DATA names the folder): none is in the repository."""

import json
import os
from pathlib import Path

import pytest

from kras_core.__main__ import main
from kras_core.cohort.files import open_tables
from kras_core.cohort.mapping import apply, from_toml, propose
from kras_core.cohort.readers import tables_of
from kras_core.cohort.validate import examine
from tests.cohort.test_mapping import confirmed
from tools.hit_rate import TRUTH, score

FOLDER = os.environ.get("KRASCOPE_REAL_DATA", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="KRASCOPE_REAL_DATA names no folder with the real files")
HELLMANN = Path(FOLDER) / "hellmann_2018" / "data_clinical_patient.txt"
TMB = "NONSYNONYMOUS_MUTATION_BURDEN"


def test_a_study_of_checkpoint_inhibitors_by_the_command_line_meets_its_publication(tmp_path, capsys):
    """Hellmann et al. 2018, PFS by TMB above its median: 17.1 v 3.7 months, Cox 0.42, log-rank p 0.0024."""
    out = tmp_path / "hellmann.toml"
    assert main(["map", str(HELLMANN), "--out", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["confirm"]["PFS_STATUS"] == [
        "0:Censor = no progression or death yet: 25 patients",
        "1:Event = progression or death: 50 patients",
    ]
    command = ["analyse", str(HELLMANN), "--mapping", str(out), "--by", TMB]
    assert main(command) == 2
    assert "PFS_STATUS: its event coding is not confirmed" in capsys.readouterr().err
    out.write_text(out.read_text(encoding="utf-8").replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    low, high = found["strata"]
    assert (high["median"], low["median"]) == pytest.approx((17.1, 3.7), abs=0.06)
    assert round(found["hazard_ratio"][0]["estimate"], 2) == 0.42
    assert round(found["logrank"]["p"], 4) == 0.0024
    assert from_toml(out.read_text(encoding="utf-8")).fingerprint == said["fingerprint"]


def test_resected_adenocarcinomas_have_the_events_that_their_study_counts():
    path = Path(FOLDER) / "luad_mskcc_2020" / "data_clinical_patient.txt"
    tables = tables_of(open_tables([(path.name, path.read_bytes())]), [path.name])
    cohort, _ = examine(apply(confirmed(propose(tables)), tables), id="luad", title="luad", provenance="real")
    assert cohort is not None and (cohort.n, cohort.endpoints) == (604, ("rfs", "os"))
    assert (cohort.numbers("rfs_event").sum(), cohort.numbers("os_event").sum()) == (98, 45)


def test_three_copies_of_one_study_give_one_result():
    results = set()
    for suffix in ("sav", "dta", "sas7bdat"):
        path = Path(FOLDER) / "stat_formats" / f"pmean_whas500.{suffix}"
        tables = tables_of(open_tables([(path.name, path.read_bytes())]), [path.name])
        cohort, _ = examine(apply(confirmed(propose(tables)), tables), id="w", title="w", provenance="real")
        assert cohort is not None
        results.add((cohort.n, cohort.numbers("os_event").sum(), cohort.numbers("os_days").sum()))
    assert len(results) == 1 and next(iter(results))[:2] == (500, 215)


def test_a_file_of_spss_is_mapped_by_its_value_labels():
    path = Path(FOLDER) / "stat_formats" / "survival_spssmanual.sav"
    tables = tables_of(open_tables([(path.name, path.read_bytes())]), [path.name])
    mapping = propose(tables)
    (status,), (time,) = mapping.sources("os_event"), mapping.sources("os_time")
    assert (status.source, dict(status.codes)) == ("status_numeric", {"1": "censored", "2": "event"})
    assert (time.source, time.unit) == ("N_year", "years")


@pytest.mark.parametrize("file", [f for f in TRUTH if not f.startswith("lifelines")])
def test_no_column_of_a_real_file_is_recognised_as_what_it_is_not(file):
    found = score(file, Path(FOLDER))
    assert found.wrong == []
