"""A report of a view: one Document of plain blocks, written as Word, as HTML, and its tables as CSV and Excel.

`content` turns an Account into a Document; `word`, `page` and `tables` write it; `pdf` converts where a converter is
present. Nothing here computes.
"""
