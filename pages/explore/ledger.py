"""Look ledger: every distinct comparison this session has shown, by family and in order."""

import streamlit as st

from kras_core.analyse.ledger import ledger
from kras_core.report.csv_out import csv_bytes
from kras_core.report.ledger_tables import ledger_rows, ledger_table
from pages.shared import session


def page() -> None:
    st.title("Look ledger")
    looked = ledger(session.looks())
    if not looked:
        st.markdown(
            "Nothing has been compared yet. Choose a stratifier on the Survival page: "
            "every comparison that is shown is entered here."
        )
        return
    st.html(ledger_table(looked))
    st.download_button(
        "Ledger, CSV",
        csv_bytes(ledger_rows(looked)),
        "krascope-look-ledger.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key="ledger_csv",
    )


page()
