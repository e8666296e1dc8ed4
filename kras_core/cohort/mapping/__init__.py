"""Mapping: from a file's own columns to KRAScope's.

    mapping = propose(tables)             what every column most likely is, with reason and confidence
    tables = apply(mapping, tables)       the same tables in KRAScope's names, and a note of everything that was done
    text = to_toml(mapping)               kept for the next extract; `from_toml` reads it

recognise: the guesses. synonyms: the names by which columns are known. units, codes, written_dates: what cells mean.
dates: progression-free and overall survival from dates. apply: doing it, counted.
"""

from kras_core.cohort.mapping.apply import apply
from kras_core.cohort.mapping.model import LEFT_OUT, OWN, Column, DateRules, Mapping, MappingError
from kras_core.cohort.mapping.recognise import propose
from kras_core.cohort.mapping.saved import from_toml, to_toml

__all__ = [
    "LEFT_OUT",
    "OWN",
    "Column",
    "DateRules",
    "Mapping",
    "MappingError",
    "apply",
    "from_toml",
    "propose",
    "to_toml",
]
