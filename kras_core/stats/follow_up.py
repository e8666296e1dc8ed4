"""Follow-up by reverse Kaplan–Meier: censoring taken as the event.

Schemper and Smith 1996 (Control Clin Trials 17:343–346).
"""

from kras_core.conventions import Conventions
from kras_core.stats.event_table import EventTable
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.results import Quantile


def reverse_kaplan_meier(table: EventTable, conventions: Conventions) -> tuple[Quantile, ...]:
    """Median follow-up of each group of a table (k, T), with its interval; not reached where few are censored.

    Where a death and a censoring share a time, `conventions.reverse_ties` decides.
    """
    reverse = table.flipped(deaths_first=conventions.reverse_ties == "deaths-first")
    return tuple(quantile(curve, conventions) for curve in curves(reverse, conventions, drops_only=True))
