"""audit: reported figures, held against what can be true."""

import argparse
from typing import Any

from kras_core.cohort.bundled import BUNDLED, DEFAULT
from kras_core.commands.view import Refused, add_mapping_argument, cohort_of


def add(commands: Any) -> None:
    parser = commands.add_parser("audit", help="printed figures: which can be true, which not, and why")
    parser.add_argument(
        "--claims", metavar="FILE", help="a table of claims (default: those of the cohort's publication)"
    )
    parser.add_argument(
        "--cohort",
        metavar="COHORT",
        help=f"rows to recompute from: a bundled cohort's id or a file (default: {DEFAULT}; with --claims alone, none)",
    )
    parser.add_argument("--adverse-events", metavar="FILE", help="adverse events, where COHORT is a CSV")
    add_mapping_argument(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    from kras_core.audit.audit import audit
    from kras_core.audit.claims import bundled_claims, read_claims_path
    from kras_core.report.audit.as_json import audit_json

    if arguments.claims:
        cohort = cohort_of(arguments) if arguments.cohort else None
        return audit_json(audit(read_claims_path(arguments.claims), cohort))
    arguments.cohort = arguments.cohort or DEFAULT
    cohort, claims = cohort_of(arguments), bundled_claims(arguments.cohort)
    if claims is None:
        known = ", ".join(c.id for c in BUNDLED.values() if c.claims)
        raise Refused(f"no claims come with {cohort.id!r}: give them with --claims FILE (they come with {known})")
    return audit_json(audit(claims, cohort))
