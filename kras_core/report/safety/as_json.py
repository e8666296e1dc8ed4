"""The Safety view as JSON: what `python -m kras_core safety` prints."""

from kras_core.analyse.results import SafetyAnalysis, SafetyRow
from kras_core.report.safety.suppressed import suppressed_safety
from kras_core.report.small_cells import shown, told
from kras_core.report.survival.as_json import Json, cohort_json, excluded_json, interval, number
from kras_core.stats.results import Difference, Proportion


def safety_json(analysis: SafetyAnalysis) -> Json:
    """Plain dicts, lists, numbers, strings and None, in the order of the table.

    rows: {term, grade, stratum, n, denominator, percent, ci, range}, stratum None for all selected patients,
    then every stratum; percentages 0–100. Where the publication does not determine a count, n, percent and the
    ends of ci are None, and range holds the fewest and most patients over the redraws (else None).
    comparisons: with two strata only, Fisher's exact p and the risk difference of `contrast`, first minus
    second, in percentage points. While small counts are hidden, what the table hides is None, as `hidden_below` says
    first, and so are its percentages; a row with hidden groups has no comparison.
    """
    analysis = suppressed_safety(analysis)
    found = {
        "cohort": cohort_json(analysis.cohort, analysis.n),
        "by": [by.id for by in analysis.selection.by],
        "cutoffs": [{"id": id, "value": value, "origin": origin} for id, value, origin in analysis.cutoffs],
        "where": [str(f) for f in analysis.selection.where],
        "definition": analysis.definition,
        "ctcae": analysis.ctcae_version or None,
        "denominators": [{"stratum": None, **_size(analysis.n, analysis.n_range)}] + _strata(analysis),
        "rows": [cell for row in analysis.rows for cell in _cells(row, analysis)],
        "comparisons": [c for row in analysis.rows for c in _comparisons(row, analysis)],
        "drawn": analysis.drawn or None,
        "excluded": excluded_json(analysis.excluded, analysis.cohort.n - analysis.n),
        "warnings": [{"code": w.code, "message": w.message} for w in analysis.warnings],
    }
    return told(found)


def _strata(analysis: SafetyAnalysis) -> list[Json]:
    ranges = analysis.denominator_ranges or ((),) * len(analysis.groups)
    sizes = zip(analysis.groups, analysis.denominators, ranges, strict=True)
    return [{"stratum": label, **_size(n, redrawn)} for label, n, redrawn in sizes]


def _size(n: int, redrawn: tuple[int, ...]) -> Json:
    """A denominator, None where it differs between redraws."""
    differs = bool(redrawn) and redrawn[0] != redrawn[-1]
    return {"n": None if differs else n, "range": list(redrawn) if differs else None}


def _cells(row: SafetyRow, analysis: SafetyAnalysis) -> list[Json]:
    found = []
    for grade, everybody in row.overall.items():
        found.append(_cell(row.term, grade, None, everybody, row.overall_range.get(grade)))
        ranges = row.ranges.get(grade) or (None,) * len(analysis.groups)
        for label, proportion, redrawn in zip(analysis.groups, row.cells[grade], ranges, strict=True):
            found.append(_cell(row.term, grade, label, proportion, redrawn))
    return found


def _cell(term: str, grade: str, stratum: str | None, p: Proportion, redrawn: tuple[int, int] | None) -> Json:
    return {
        "term": term,
        "grade": grade,
        "stratum": stratum,
        "n": shown(p.k) if redrawn is None else None,
        "denominator": p.n,
        "percent": number(100 * p.estimate),
        "ci": interval(100 * p.low, 100 * p.high),
        "range": None if redrawn is None else list(map(shown, redrawn)),
    }


def _comparisons(row: SafetyRow, analysis: SafetyAnalysis) -> list[Json]:
    return [
        {
            "term": row.term,
            "grade": grade,
            "contrast": list(analysis.contrast),
            "fisher_p": number(comparison.fisher_p),
            "difference": _difference(comparison.difference),
        }
        for grade, comparison in row.comparisons.items()
    ]


def _difference(difference: Difference) -> Json:
    return {
        "estimate": number(100 * difference.estimate),
        "ci": interval(100 * difference.low, 100 * difference.high),
        "method": difference.method,
    }
