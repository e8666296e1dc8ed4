"""Checks: one registry row each. A new check is a function from a claim and its fellows to findings, and a row here."""

from kras_core.audit.checks.counts import COUNT_CHECKS
from kras_core.audit.checks.follow_up import FOLLOW_UP_CHECKS
from kras_core.audit.checks.medians import MEDIAN_CHECKS
from kras_core.audit.checks.ratios import RATIO_CHECKS
from kras_core.audit.checks.repeats import REPEAT_CHECKS
from kras_core.audit.checks.row import Check

CHECKS: dict[str, Check] = {
    c.id: c for c in (*COUNT_CHECKS, *RATIO_CHECKS, *MEDIAN_CHECKS, *FOLLOW_UP_CHECKS, *REPEAT_CHECKS)
}
