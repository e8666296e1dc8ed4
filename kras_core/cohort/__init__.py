"""Cohorts: what a patient row is, how files become one, and which come with KRAScope.

from kras_core.cohort import build_cohort, load, read_path

cohort = load("ncctg-lung")
cohort = build_cohort(read_path("ward.xlsx"), id="ward", title="Our ward", provenance="real")
"""

from kras_core.cohort.bundled import BUNDLED, BundledCohort, check_file, load, load_file
from kras_core.cohort.endpoints import ENDPOINTS, Endpoint, endpoint
from kras_core.cohort.files import Opened, open_tables
from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.model import Cohort, Cutoff, PartlyDrawn, Provenance
from kras_core.cohort.problems import CohortError, Problem
from kras_core.cohort.readers import RawTables, read, read_path
from kras_core.cohort.stratifiers import Strata, Stratifier, split
from kras_core.cohort.template import template_csv, template_workbook
from kras_core.cohort.validate import build_cohort, check, examine
from kras_core.cohort.variables import ADVERSE_EVENT_VARIABLES, VARIABLES, Variable, variable

__all__ = [
    "ADVERSE_EVENT_VARIABLES",
    "BUNDLED",
    "ENDPOINTS",
    "MAX_UPLOAD_BYTES",
    "VARIABLES",
    "BundledCohort",
    "Cohort",
    "CohortError",
    "Cutoff",
    "Endpoint",
    "Opened",
    "PartlyDrawn",
    "Problem",
    "Provenance",
    "RawTable",
    "RawTables",
    "Strata",
    "Stratifier",
    "Variable",
    "build_cohort",
    "check",
    "check_file",
    "endpoint",
    "examine",
    "load",
    "load_file",
    "open_tables",
    "read",
    "read_path",
    "split",
    "template_csv",
    "template_workbook",
    "variable",
]
