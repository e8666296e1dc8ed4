"""Damaged and made-up files by the thousand: each must become a cohort or end in a clear error, within a time.

`python -m tools.fuzz` prints the table of docs/files.md; tests/cohort/test_fuzz.py runs a small sample.
"""
