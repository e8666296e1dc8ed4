"""Native PowerPoint slides by python-pptx: editable charts with their data inside, real tables, 16:9.

`presentation.presentation` writes a file from analyses. python-pptx is imported with these modules, so pages and
commands import them on export only; the server's warm start leaves them out.
"""
