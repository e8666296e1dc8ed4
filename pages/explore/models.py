"""Models: several covariates in one Cox model, and what such a model is worth."""

import streamlit as st

from kras_core.analyse.ledger import model_looks
from kras_core.analyse.model_results import ModelAnalysis, Per
from kras_core.analyse.models import (
    analyse_model,
    correct_optimism,
    default_covariates,
    diagnose,
    optimism_refused,
    penalise,
    penalised_refused,
)
from kras_core.analyse.univariable import offered_variables
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.controls import distinct_labels
from kras_core.report.format import md_escape
from kras_core.report.models.as_json import model_json
from kras_core.report.models.figures import (
    path_alt_text,
    path_figure,
    path_foot,
    residual_alt_text,
    residual_figure,
    residual_foot,
)
from kras_core.report.models.forest import model_forest_html
from kras_core.report.models.suppressed import model_hides, suppressed_model
from kras_core.report.models.tables import model_table, optimism_table, penalty_table, proportional_table
from kras_core.report.models.words import model_answer, model_methods
from kras_core.report.second_opinion_table import second_opinion_table
from kras_core.selection import Selection, SelectionError
from kras_core.stats.results import PenaltyPath
from kras_core.verify.models import verify_model
from pages.shared import chart, details, downloads, options, session, share, small, work

PER = {"sd": "Per SD", "unit": "Per unit"}
KINDS = {"elastic": "elastic net", "ridge": "ridge"}

Ids = tuple[str, ...]


def page() -> None:
    cohort, selection = session.view()
    offered = offered_variables(cohort)
    ids = tuple(options.strata("covariates", offered, default_covariates(cohort, selection)))
    selection = selection.but(by=())
    per: Per = "unit" if options.choice("per", PER) == "unit" else "sd"
    options.choice("penalty", KINDS)
    try:
        analysis = session.kept(("model", selection, ids, per), lambda: analyse_model(cohort, selection, ids, per))
    except SelectionError as refusal:
        st.title("Models")
        st.info(md_escape(refusal), icon=":material/info:")
        _controls(cohort, offered)
        return
    session.note(model_looks(analysis))
    share.shown("models", model_answer(analysis), analysis)
    with st.container(key="answer"):
        st.html(model_answer(analysis).html)
    _controls(cohort, offered)
    st.html(model_forest_html(analysis))
    _details(cohort, selection, ids, analysis)


def _controls(cohort: Cohort, offered: Ids) -> None:
    """Which covariates, and the step of a number."""
    known = stratifiers(cohort)
    labels = distinct_labels({id: known[id].label for id in offered})
    with st.container(horizontal=True, vertical_alignment="bottom", key="model_controls"):
        with st.popover("Covariates …", icon=":material/tune:"):
            st.multiselect(
                "Covariates",
                list(offered),
                key="covariates",
                format_func=labels.__getitem__,
                persist_state="session",
                select_all=False,
            )
        st.segmented_control(
            "Numbers",
            list(PER),
            key="per",
            required=True,
            format_func=PER.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
        )


def _details(cohort: Cohort, selection: Selection, ids: Ids, analysis: ModelAnalysis) -> None:
    details.show(
        "models",
        {
            "Numbers": lambda: st.html(model_table(analysis).html()),
            "Proportional hazards": lambda: _hazards(cohort, selection, ids, analysis),
            "Penalised": lambda: _penalised(cohort, selection, ids, analysis),
            "Optimism": lambda: _optimism(cohort, selection, ids, analysis),
            "Methods": lambda: st.markdown("\n".join(f"- {md_escape(line)}" for line in model_methods(analysis))),
            "Verify": lambda: _verify(cohort, selection, ids, analysis),
            "Export": lambda: _export(analysis),
        },
    )


def _verify(cohort: Cohort, selection: Selection, ids: Ids, analysis: ModelAnalysis) -> None:
    if small.withheld("The estimates of other libraries are"):
        return
    with st.spinner("Recomputing with statsmodels and scikit-survival …"):
        key = ("verify model", selection, ids, analysis.per)
        opinions = session.kept(key, lambda: verify_model(cohort, selection, ids, analysis.per))
    st.html(second_opinion_table(opinions).html())


def _export(analysis: ModelAnalysis) -> None:
    rows = {"model": model_table(analysis).text_rows()}
    rows["proportional-hazards"] = proportional_table(analysis).text_rows()
    downloads.tables(rows, analysis, model_json(analysis), [w.message for w in analysis.warnings])


def _hazards(cohort: Cohort, selection: Selection, ids: Ids, analysis: ModelAnalysis) -> None:
    """The test by covariate, and one term's residuals along time."""
    st.html(proportional_table(analysis).html())
    if small.withheld("Residuals, each of a single patient, are"):
        return
    key = ("diagnostics", selection, ids, analysis.per)
    found = session.kept(key, lambda: diagnose(cohort, selection, ids, analysis.per))
    if not found:
        return
    shown = int(options.number("term", 1, 1, len(found)))
    with st.container(horizontal=True):
        st.selectbox(
            "Residuals of",
            range(1, len(found) + 1),
            key="term",
            format_func=lambda i: found[i - 1].label,
            persist_state="session",
            width=380,
        )
    one = found[shown - 1]
    chart.show("residuals", residual_figure(analysis, one, theme=session.theme()), residual_alt_text(analysis, one))
    st.html(residual_foot(analysis, one))


def _penalised(cohort: Cohort, selection: Selection, ids: Ids, analysis: ModelAnalysis) -> None:
    """Elastic net or ridge: the path, and the penalty that cross-validation chooses."""
    if model_hides(suppressed_model(analysis)) and small.withheld("Estimates of small groups are"):
        return
    refused = penalised_refused(analysis)
    if refused:
        st.caption(f"No penalised model: {md_escape(refused)}.")
        return
    kind = KINDS[
        st.segmented_control(
            "Penalty",
            list(KINDS),
            key="penalty",
            required=True,
            format_func=lambda id: KINDS[id].capitalize(),
            label_visibility="collapsed",
            persist_state="session",
        )
        or "elastic"
    ]

    def show(path: PenaltyPath) -> None:
        if not path.reason:
            chart.show_fitting(
                "path",
                lambda compact: path_figure(analysis, path, compact=compact, theme=session.theme()),
                path_alt_text(analysis, path),
            )
            st.html(path_foot(analysis, path))
        st.html(penalty_table(analysis, path).html())

    work.on_demand(
        "penalised",
        (selection, ids, kind),
        f"Fit the {kind} and choose its penalty by cross-validation",
        lambda: penalise(cohort, selection, ids, kind),
        show,
    )


def _optimism(cohort: Cohort, selection: Selection, ids: Ids, analysis: ModelAnalysis) -> None:
    """How much of the concordance is the model's own patients."""
    refused = optimism_refused(analysis)
    if refused:
        st.caption(f"No concordance: {md_escape(refused)}.")
        return
    work.on_demand(
        "optimism",
        (selection, ids),
        "Resample the patients 200 times: how optimistic is the concordance?",
        lambda: correct_optimism(cohort, selection, ids),
        lambda found: st.html(optimism_table(analysis, found).html()),
    )


page()
