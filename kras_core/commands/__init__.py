"""One module a family of commands; each has `add`, which registers its arguments and what it runs."""

from kras_core.commands import (
    audit,
    bias,
    cohorts,
    historical,
    ledger,
    mapping,
    markers,
    overview,
    reconstruct,
    response,
    safety,
    survival,
)

COMMANDS = (
    cohorts,
    mapping,
    survival,
    safety,
    overview,
    response,
    markers,
    ledger,
    audit,
    reconstruct,
    bias,
    historical,
)
