"""Every figure, as plain dicts in Plotly's JSON schema, what stands under it, and its description in words."""

from kras_core.report.butterfly import butterfly_figure, safety_alt_text
from kras_core.report.curve_figure import curve_alt_text, curve_figure
from kras_core.report.km_figure import alt_text, km_figure
from kras_core.report.km_under import under_figure

__all__ = [
    "alt_text",
    "butterfly_figure",
    "curve_alt_text",
    "curve_figure",
    "km_figure",
    "safety_alt_text",
    "under_figure",
]
