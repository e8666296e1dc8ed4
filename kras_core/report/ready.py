"""A finished figure that is sent as it is.

Streamlit validates every dict by building a `go.Figure` from it, at several times the cost of the
statistics; for a figure object it only asks `to_dict`. Our figures are validated in the tests instead.
"""

from typing import Any

from plotly.basedatatypes import BaseFigure


class Ready(BaseFigure):
    """Stands for the dict it holds. It can be drawn, not edited."""

    def __init__(self, figure: dict[str, Any]) -> None:
        # BaseFigure's own constructor would validate; none of its state is needed to be drawn.
        object.__setattr__(self, "_ready", figure)

    def to_dict(self) -> dict[str, Any]:
        return object.__getattribute__(self, "_ready")
