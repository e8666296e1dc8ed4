"""One module a family of commands; each has `add`, which registers its arguments and what it runs."""

from kras_core.commands import (
    audit,
    bias,
    cohorts,
    compatible,
    exports,
    historical,
    ledger,
    mapping,
    markers,
    models,
    overview,
    reconstruct,
    report,
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
    models,
    bias,
    historical,
    ledger,
    audit,
    reconstruct,
    compatible,
    exports,
    report,
)
