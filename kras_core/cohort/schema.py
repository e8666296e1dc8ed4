"""The variable dictionary as a pandera schema: what every single column must hold once it has been read."""

import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.problems import Finding
from kras_core.cohort.variables import ENDPOINT_COLUMN, Variable

# pandera joins its failing cases although nobody here reads them, and pandas warns where all of those are missing.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"pandera\.")


def schema(variables: Iterable[Variable], unique: str = "") -> pa.DataFrameSchema:
    """The pandera schema of these variables; `unique` names the column whose values must all differ.

    The checks' names are the codes of the problems they cause.
    """
    return pa.DataFrameSchema(
        {
            v.name: pa.Column(
                None,
                _checks(v),
                nullable=not v.required,
                required=v.required,
                unique=v.name == unique,
                report_duplicates="exclude_first",
            )
            for v in variables
        }
    )


def _checks(variable: Variable) -> list[pa.Check]:
    # One failing case is kept of each check: the mask knows them all, and pandera's own list is slow when it is long.
    if variable.levels:
        return [pa.Check.isin(variable.levels, error="level", n_failure_cases=1)]
    if variable.kind == "flag":
        return [pa.Check.isin((0.0, 1.0), error="flag", n_failure_cases=1)]
    checks = []
    if variable.low is not None:
        checks.append(pa.Check.ge(variable.low, error="range", n_failure_cases=1))
    if variable.high is not None:
        checks.append(pa.Check.le(variable.high, error="range", n_failure_cases=1))
    if variable.kind == "integer":
        checks.append(pa.Check(lambda values: values == np.floor(values), error="whole-number", n_failure_cases=1))
    return checks


def broken_rules(frame: pd.DataFrame, variables: Mapping[str, Variable], unique: str = "") -> list[Finding]:
    """Every rule of these variables that the frame breaks; all of them, not only the first.

    frame: one row per record under distinct labels; numbers and flags float64, categories and texts as
    objects, dates datetime64. Missing values pass, except in a required column.
    """
    try:
        schema(variables.values(), unique).validate(frame, lazy=True)
    except SchemaErrors as errors:
        return [_finding(failure, frame, variables) for failure in errors.schema_errors]
    return []


def _finding(failure: SchemaError, frame: pd.DataFrame, variables: Mapping[str, Variable]) -> Finding:
    if failure.reason_code is SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
        missing = variables[str(failure.failure_cases)]
        expected = f"a column {missing.name}, {missing.allowed}"
        return Finding("error", "missing-column", "", None, expected, "Add it, or rename the column that holds it.")
    variable = variables[str(failure.schema.name)]
    if failure.check_output is None:
        rows = frame.index.isin(failure.failure_cases["index"])  # type: ignore[index]
        if failure.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
            code, expected, remedy = "missing-value", variable.allowed, "Fill it in, or remove the row."
        else:
            code, expected, remedy = "duplicate-patient", "every patient once", "Keep one row per patient."
        return Finding("error", code, variable.name, rows, expected, remedy)
    output = failure.check_output
    rows = frame.index.isin(output.index[~output.to_numpy(dtype=bool)])
    code = str(failure.check.error)  # type: ignore[union-attr]
    values = frame.loc[rows, variable.name]
    remedy = _remedy(code, variable, values, frame)
    if code == "range" and variable.role == "outcome" and (values < 0).any():
        code = "negative-time"
    return Finding("error", code, variable.name, rows, expectation(variable), remedy)


def expectation(variable: Variable) -> str:
    """What a cell of this column may hold; for an event column, what the two codes mean."""
    match = ENDPOINT_COLUMN.match(variable.name)
    if match and match[2] == "event":
        return f"0 or 1 (0 = censored, 1 = {_happened(match[1])})"
    return variable.allowed


def _happened(endpoint_id: str) -> str:
    event = endpoint(endpoint_id).event
    return "died" if event == "death" else event


def _remedy(code: str, variable: Variable, failing: pd.Series, frame: pd.DataFrame) -> str:
    match = ENDPOINT_COLUMN.match(variable.name)
    if code == "flag" and match:
        happened = _happened(match[1])
        if (failing == 2).all():
            return f"Recode 2 to 1 if it means {happened}." + _and_one(frame[variable.name])
        return f"Recode it: 1 if it means {happened}, 0 if it means censored."
    if code == "range" and variable.role == "outcome":
        if (failing < 0).any():
            return "A time cannot be negative: check the dates it was computed from."
        return "Check the time." + (" If it is in days, let the name of the column end in _days." if match else "")
    if code == "level":
        return "Correct the spelling, or leave it empty where it is not known."
    if code == "range" and variable.unit:
        return f"Check the value and its unit.{' ' + variable.note if variable.role == 'laboratory' else ''}"
    return "Correct it, or leave it empty where it is not known."


def _and_one(column: pd.Series) -> str:
    """Where 1 and 2 are the only codes, 1 most likely means censored."""
    return "" if (column == 0).any() or not (column == 1).any() else " If 1 means censored, recode it to 0 as well."
