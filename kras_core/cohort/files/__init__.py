"""Files of any format -> tables of text, with nothing coerced.

kinds: what a file is, by its content. text, workbook, apart (SPSS, SAS, Stata and Parquet, in a process
of their own, child.py), packed (zip): one module a format. large: what the browser does not take, in
parts. table: the RawTable that they all give.
missing: codes that stand for a missing value. opened: all of it together, study forms joined (`forms`).
"""

from kras_core.cohort.files.opened import Opened, open_paths, open_tables
from kras_core.cohort.files.table import RawTable

__all__ = ["Opened", "RawTable", "open_paths", "open_tables"]
