"""Every figure, as plain dicts in Plotly's JSON schema, what stands under it, and its description in words."""

from kras_core.report.bias.tables import leave_one_out_alt_text, leave_one_out_figure
from kras_core.report.forest import forest_html
from kras_core.report.markers.ribbon import ribbon_alt_text, ribbon_figure, ribbon_foot
from kras_core.report.markers.spline import spline_alt_text, spline_figure, spline_foot
from kras_core.report.reconstruction.curve_figure import curve_alt_text, curve_figure
from kras_core.report.response.figure import response_figure
from kras_core.report.response.patient_figures import swimmer_figure, swimmer_orders, waterfall_figure
from kras_core.report.response.spider import spider_figure
from kras_core.report.safety.butterfly import butterfly_figure, safety_alt_text
from kras_core.report.survival.km_figure import alt_text, km_figure
from kras_core.report.survival.km_under import under_figure

__all__ = [
    "alt_text",
    "butterfly_figure",
    "curve_alt_text",
    "curve_figure",
    "forest_html",
    "km_figure",
    "leave_one_out_alt_text",
    "leave_one_out_figure",
    "response_figure",
    "ribbon_alt_text",
    "ribbon_figure",
    "ribbon_foot",
    "safety_alt_text",
    "spider_figure",
    "spline_alt_text",
    "spline_figure",
    "spline_foot",
    "swimmer_figure",
    "swimmer_orders",
    "under_figure",
    "waterfall_figure",
]
