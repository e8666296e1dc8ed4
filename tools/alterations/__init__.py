"""Published results whose data are at hand: that the checks raise no alarm on them, and catch altered digits.

`python -m tools.alterations` prints the tables of docs/audit.md; the sets are what tests/audit/test_false_alarms.py
goes through too.
"""
