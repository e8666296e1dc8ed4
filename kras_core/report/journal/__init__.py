"""Figures for journals by matplotlib: SVG, PDF, TIFF and PNG at a column's width, with the screen's numbers.

`figure.render` writes one. matplotlib is imported with these modules, so pages and commands import them on export
only; the server's warm start leaves them out.
"""
