"""A small sample of the fuzz (`python -m tools.fuzz` runs it at length): a cohort or a clear error, nothing else."""

from hypothesis import HealthCheck, given, settings

from tools.fuzz.__main__ import Run, outcome, readers, whole
from tools.fuzz.seeds import made_up
from tools.fuzz.tables import texts

MADE_UP = made_up()
BY_A_CHILD = (".sav", ".zsav", ".dta", ".xpt", ".parquet")


def test_good_files_are_what_the_fuzz_starts_from():
    quick = {name: content for name, content in MADE_UP.items() if not name.endswith(BY_A_CHILD)}
    said = {name: outcome((name, content)) for name, content in quick.items()}
    # The study's statuses are to be mapped; all others have KRAScope's names.
    assert said == dict.fromkeys(quick, "cohort") | {"study.zip": "refused"}


def test_damaged_files_end_in_a_cohort_or_a_clear_error():
    run = Run()
    whole(run, MADE_UP, 160, seed=2)
    assert run.failures == []
    assert sum(counts.total() for counts in run.counts.values()) == 160


def test_damaged_files_do_not_crash_this_process_through_the_c_readers():
    counts = readers(MADE_UP, 40, seed=2)
    assert sum(c.total() for c in counts.values()) == 40


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(texts())
def test_made_up_tables_end_in_a_cohort_or_a_clear_error(file):
    assert outcome(file) in ("cohort", "refused")
