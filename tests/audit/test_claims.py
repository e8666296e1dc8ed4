"""Tables of claims: read, validated cell by cell, and linked."""

import pytest

from kras_core.audit.claims import COLUMNS, Claims, ClaimsError, bundled_claims, claims_of, read_claims, record
from kras_core.audit.quantities import QUANTITIES
from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.problems import CohortError
from kras_core.selection import By, Filter


def table(*rows: str, header: str = "id,quantity,endpoint,by,level,where,printed,n,groups,unit,links") -> bytes:
    return "\n".join([header, *rows]).encode()


def problems_of(*rows: str) -> list[tuple[str, int | None, str]]:
    with pytest.raises(ClaimsError) as refusal:
        read_claims("mine.csv", table(*rows))
    return [(p.column, p.row, p.value or "") for p in refusal.value.problems if p.severity == "error"]


def test_a_row_becomes_a_claim() -> None:
    claims = read_claims("mine.csv", table("a,median,PFS,nlr@2.99,high,sex=M; age>=65,12.4,13,,days,"))
    (claim,) = claims.rows
    assert claim.endpoint == "pfs" and claim.by == (By("nlr", 2.99),) and claim.level == "high"
    assert claim.where == (Filter("sex", "=", ("M",)), Filter("age", ">=", ("65",)))
    assert (claim.n, claim.unit, claim.row, claim.confidence) == (13, "days", 2, 0.95)


def test_semicolons_and_a_workbooks_habits() -> None:
    text = "ID;Quantity;Printed;place\na;hazard_ratio;0.42;Results\n;;;\n"
    assert [c.id for c in read_claims("mine.csv", text.encode()).rows] == ["a"]


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("a,mediam,pfs,,,,12.4,,,,", "quantity", "mediam"),
        ("a,median,pfs,,,,twelve,,,,", "printed", "twelve"),
        ("a,median_ci,pfs,,,,5.6,,,,", "printed", "5.6"),
        ("a,share,,,,,about half,,,,", "printed", "about half"),
        ("a,median,pfs,,,,12.4,many,,,", "n", "many"),
        ("a,median,pfs,,,,12.4,2.5,,,", "n", "2.5"),
        ("a,hazard_ratio,pfs,,,,0.4,,21 and 6,,", "groups", "21 and 6"),
        ("a,median,pfs,nlr@x,,,12.4,,,,", "by", "nlr@x"),
        ("a,median,pfs,,,male,12.4,,,,", "where", "male"),
        ("a,median,pfs,,,,12.4,,,fortnights,", "unit", "fortnights"),
        ("a,median,pfs,,,,12.4,,,,b", "links", "b"),
        (",median,pfs,,,,12.4,,,,", "id", ""),
    ],
)
def test_validation_names_the_cell(row: str, column: str, value: str) -> None:
    assert problems_of("z,n,,,,,27,,,,", row) == [(column, 3, value)]


def test_every_problem_at_once_with_expectation_and_remedy() -> None:
    with pytest.raises(ClaimsError) as refusal:
        read_claims("mine.csv", table("a,median,pfs,,,,x,,,,", "a,foo,,,,,1,,,,", "b,n,,,,,27,,,,", "b,n,,,,,27,,,,"))
    found = refusal.value.problems
    assert [(p.column, p.row) for p in found] == [("printed", 2), ("quantity", 3), ("id", 5)]
    assert all(p.expected and p.remedy for p in found)
    assert "foo" not in str(refusal.value)  # no value in the exception's text


def test_what_is_no_table_of_claims() -> None:
    with pytest.raises(ClaimsError) as refusal:
        read_claims("mine.csv", b"name,value\na,1\n")
    assert {p.column for p in refusal.value.problems} == {"id", "quantity", "printed"}
    with pytest.raises(CohortError):
        read_claims("mine.csv", b"\x89PNG....")
    with pytest.raises(ClaimsError):
        read_claims("mine.csv", table())


def test_unknown_columns_are_named_and_not_lost_in_silence() -> None:
    claims = read_claims("mine.csv", b"id,quantity,printed,colour\na,n,27,red\n")
    assert [(p.severity, p.column) for p in claims.warnings] == [("warning", "colour")]


def test_claims_about_the_same_patients_find_each_other() -> None:
    rows = [
        {"id": "hr", "quantity": "hazard_ratio", "endpoint": "pfs", "by": "g12c", "level": "G12C", "printed": "0.5"},
        {
            "id": "ci",
            "quantity": "hazard_ratio_ci",
            "endpoint": "pfs",
            "by": "g12c",
            "level": "G12C",
            "printed": "0.3–0.9",
        },
        {"id": "p", "quantity": "logrank_p", "endpoint": "pfs", "by": "g12c", "printed": "0.02"},
        {"id": "other", "quantity": "logrank_p", "endpoint": "os", "by": "g12c", "printed": "0.9"},
    ]
    claims = claims_of(rows, "grid")
    assert claims.related(claims.by_id["p"], "hazard_ratio") == claims.by_id["hr"]
    assert claims.related(claims.by_id["ci"], "logrank_p") == claims.by_id["p"]
    assert claims.related(claims.by_id["other"], "hazard_ratio") is None


def test_two_models_of_one_comparison_are_not_mixed_up() -> None:
    base = {"endpoint": "pfs", "by": "g12c"}
    rows = [
        {"id": "crude", "quantity": "hazard_ratio", "printed": "0.5", "model": "unadjusted", **base},
        {"id": "crude-ci", "quantity": "hazard_ratio_ci", "printed": "0.3–0.8", "model": "unadjusted", **base},
        {"id": "full", "quantity": "hazard_ratio", "printed": "0.7", "model": "adjusted", **base},
        {"id": "full-ci", "quantity": "hazard_ratio_ci", "printed": "0.4–1.2", "model": "adjusted", **base},
    ]
    claims = claims_of(rows, "grid")
    for model in ("crude", "full"):
        assert claims.related(claims.by_id[model], "hazard_ratio_ci") == claims.by_id[f"{model}-ci"]
        assert claims.same(claims.by_id[model]) == ()
    unsaid = claims_of([{**r, "model": ""} for r in rows], "grid")
    assert unsaid.related(unsaid.by_id["crude"], "hazard_ratio_ci") is None  # better none than the wrong one


def test_shares_of_nobody_in_particular_are_not_one_figure() -> None:
    rows = [
        {"id": i, "quantity": "share", "printed": k, "partition": "arm", "n": "424"}
        for i, k in (("a", "211"), ("b", "213"))
    ]
    claims = claims_of(rows, "grid")
    assert claims.same(claims.by_id["a"]) == ()


def test_a_link_outweighs_what_would_be_found() -> None:
    base = {"endpoint": "pfs", "by": "g12c"}
    rows = [
        {"id": "hr", "quantity": "hazard_ratio", "printed": "0.5", "links": "adjusted", **base},
        {"id": "crude", "quantity": "wald_p", "printed": "0.02", **base},
        {"id": "adjusted", "quantity": "wald_p", "printed": "0.04", **base},
    ]
    claims = claims_of(rows, "grid")
    found = claims.related(claims.by_id["hr"], "wald_p")
    assert found is not None and found.id == "adjusted"


def test_a_claim_and_its_row_are_the_same_thing() -> None:
    claims = bundled_claims("sintilimab-anlotinib")
    assert claims is not None
    again = claims_of([record(c) for c in claims.rows], "again")
    assert [record(c) for c in again.rows] == [record(c) for c in claims.rows]
    assert set(record(claims.rows[0])) <= set(COLUMNS)


def test_the_bundled_claims() -> None:
    """All printed figures of the paper, each with its place; the two reconstructions share one file."""
    claims = bundled_claims("sintilimab-anlotinib")
    assert claims is not None and claims.n == 27
    assert len(claims.rows) > 130
    assert all(c.place and c.wording for c in claims.rows)
    assert len(claims.of("ae_any", "ae_3_4")) >= 10  # Table 2, cell by cell
    assert len([c for c in claims.rows if c.section == "Table 1"]) == 15
    sibling = bundled_claims("sintilimab-anlotinib-p")
    assert sibling == claims
    assert BUNDLED["sintilimab-anlotinib-p"].claims == BUNDLED["sintilimab-anlotinib"].claims
    assert bundled_claims("veterans-lung") is None and bundled_claims("nobody's") is None


def test_quantities_have_names_and_say_what_is_missing() -> None:
    for quantity in QUANTITIES.values():
        assert quantity.label and (quantity.compute is not None) != bool(quantity.missing), quantity.id


def test_no_denominator_is_invented_for_a_subgroup() -> None:
    claims = Claims(claims_of([{"id": "n", "quantity": "n", "printed": "27"}], "x").rows)
    assert claims.n == 27
    group = claims_of([{"id": "e", "quantity": "events", "endpoint": "os", "printed": "12"}], "x").rows[0]
    assert claims.n_of(group) is None
