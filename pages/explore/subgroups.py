"""Subgroups: one comparison within every level of other variables, and Cox models of one variable each."""

from collections.abc import Callable

import streamlit as st

from kras_core.analyse.ledger import forest_looks
from kras_core.analyse.subgroup_results import CoxTable, ForestAnalysis
from kras_core.analyse.subgroups import analyse_forest, default_factors, offered_factors
from kras_core.analyse.univariable import analyse_cox, default_variables, offered_variables
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.controls import distinct_labels
from kras_core.report.figures import forest_html
from kras_core.report.markers.answer import forest_answer
from kras_core.report.markers.as_json import cox_json, forest_json
from kras_core.report.markers.methods import forest_methods
from kras_core.report.tables import cox_rows, cox_table, forest_rows, forest_table, verify_table
from kras_core.selection import Selection, SelectionError
from kras_core.verify.markers import verify_forest
from pages.shared import details, downloads, options, session, share, small


def page() -> None:
    cohort, selection = session.view()
    forest = None
    try:
        factors = tuple(
            options.strata("subgroups", offered_factors(cohort, selection), default_factors(cohort, selection))
        )
        forest = _forest(cohort, selection, factors)
    except SelectionError as refusal:
        st.title("Subgroups")
        st.info(str(refusal), icon=":material/info:")
    if forest is not None and small.refuses([arm.n for arm in forest.overall.arms]):
        return
    if forest is not None:
        session.note(forest_looks(forest))
        said = forest_answer(forest)
        share.shown("subgroups", said, forest)
        st.html(said.html)
        _controls(cohort, selection, forest)
        st.html(forest_html(forest))
    _details(cohort, selection, forest)


def _forest(cohort: Cohort, selection: Selection, factors: tuple[str, ...]) -> ForestAnalysis:
    """The forest of the group chosen, where there are more than two."""
    first = session.kept(("forest", selection, factors, None), lambda: analyse_forest(cohort, selection, factors))
    others = [label for label in first.groups if label != first.reference]
    if len(others) < 2:
        return first
    position = int(options.number("against", 1, 1, len(others)))
    group = others[position - 1]
    try:
        return session.kept(
            ("forest", selection, factors, group), lambda: analyse_forest(cohort, selection, factors, group)
        )
    except SelectionError:  # a level without patients here
        return first


def _controls(cohort: Cohort, selection: Selection, forest: ForestAnalysis) -> None:
    """Which subgroups, and which of several groups is compared with the reference."""
    others = [label for label in forest.groups if label != forest.reference]
    with st.container(horizontal=True, vertical_alignment="bottom", key="forest_controls"):
        if len(others) > 1:
            st.selectbox(
                f"Against {forest.reference}",
                range(1, len(others) + 1),
                key="against",
                format_func=lambda i: others[i - 1],
                persist_state="session",
                width=240,
            )
        _stratifiers("Subgroups by", "subgroups", cohort, offered_factors(cohort, selection))


def _stratifiers(label: str, key: str, cohort: Cohort, ids: tuple[str, ...]) -> None:
    known = stratifiers(cohort)
    labels = distinct_labels({id: known[id].label for id in ids})
    with st.popover(f"{label} …", icon=":material/tune:"):
        st.multiselect(
            label, list(ids), key=key, format_func=labels.__getitem__, persist_state="session", select_all=False
        )


def _details(cohort: Cohort, selection: Selection, forest: ForestAnalysis | None) -> None:
    variables = tuple(options.strata("variables", offered_variables(cohort), default_variables(cohort)))
    shown: dict[str, Callable[[], object]] = {"One variable at a time": lambda: _alone(cohort, selection, variables)}
    if forest is not None:
        shown["Numbers"] = lambda: st.html(forest_table(forest))
        shown["Methods"] = lambda: st.markdown("\n".join(f"- {line}" for line in forest_methods(forest)))
        shown["Verify"] = lambda: _verify(cohort, selection, forest)
    shown["Export"] = lambda: _export(cohort, selection, forest, variables)
    details.show("subgroups", shown)


def _alone(cohort: Cohort, selection: Selection, variables: tuple[str, ...]) -> None:
    table = _cox(cohort, selection, variables)
    if table is not None:
        st.html(cox_table(table))
    _stratifiers("Variables", "variables", cohort, offered_variables(cohort))


def _verify(cohort: Cohort, selection: Selection, forest: ForestAnalysis) -> None:
    if small.withheld("The estimates of other libraries are"):
        return
    ids, group = tuple(f.id for f in forest.factors), forest.label
    with st.spinner("Recomputing with lifelines and scikit-survival …"):
        key = ("verify forest", selection, ids, group)
        found = session.kept(key, lambda: verify_forest(cohort, selection, ids, group))
    st.html(verify_table(found))


def _cox(cohort: Cohort, selection: Selection, variables: tuple[str, ...]) -> CoxTable | None:
    alone = selection.but(by=())
    try:
        return session.kept(("cox", alone, variables), lambda: analyse_cox(cohort, alone, variables))
    except SelectionError as refusal:
        st.warning(str(refusal), icon=":material/info:")
        return None


def _export(cohort: Cohort, selection: Selection, forest: ForestAnalysis | None, variables: tuple[str, ...]) -> None:
    table = _cox(cohort, selection, variables)
    rows = {"forest": forest_rows(forest)} if forest is not None else {}
    rows |= {"one-variable-at-a-time": cox_rows(table)} if table is not None else {}
    of = forest or table
    if of is None:
        return
    whole = {"forest": forest_json(forest) if forest else None, "cox": cox_json(table) if table else None}
    figures = ("forest",) if forest is not None else ()
    downloads.tables(rows, of, whole, [w.message for w in of.warnings], figures=figures)


page()
