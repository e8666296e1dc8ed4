"""Verify: the same numbers by other libraries, from the patient rows, with the difference shown; one module a view."""
