"""Every figure, as plain dicts in Plotly's JSON schema, and their descriptions in words."""

from kras_core.report.butterfly import butterfly_figure, safety_alt_text
from kras_core.report.km_figure import alt_text, km_figure

__all__ = ["alt_text", "butterfly_figure", "km_figure", "safety_alt_text"]
