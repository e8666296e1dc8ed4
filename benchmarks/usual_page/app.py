"""The Survival page as such pages are usually written: library fits and a default Plotly figure in the page.

What KRAScope is measured against (toggle.py, sessions.py). It shows the same figures from the same upload, with
nothing in it slow on purpose: the file is cached, and lifelines' slow variance of the RMST is left out.

    streamlit run benchmarks/usual_page/app.py
"""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test, proportional_hazard_test
from lifelines.utils import median_survival_times, restricted_mean_survival_time

DAYS_PER_MONTH = 30.4375
STRATIFIERS = {
    "Prior anti-angiogenic therapy": "prior_antiangiogenic",
    "Sex": "sex",
    "KRAS variant": "kras_variant",
}
COLOURS = ["31,119,180", "255,127,14", "44,160,44", "214,39,40"]


@st.cache_data
def load(file):
    data = pd.read_csv(file)
    for endpoint in ("pfs", "os"):
        data[f"{endpoint}_months"] = data[f"{endpoint}_days"] / DAYS_PER_MONTH
    return data


def add_curve(figure, curve, label, colour):
    survival = curve.survival_function_.iloc[:, 0]
    interval = curve.confidence_interval_
    at_risk = curve.event_table["at_risk"]
    for column, fill in ((1, None), (0, "tonexty")):
        figure.add_trace(
            go.Scatter(
                x=interval.index,
                y=interval.iloc[:, column],
                line={"shape": "hv", "width": 0},
                fill=fill,
                fillcolor=f"rgba({colour},0.15)",
                hoverinfo="skip",
                showlegend=False,
            )
        )
    texts = [
        f"{time:.1f} months: {value:.0%} ({low:.0%}–{high:.0%}), {risk} at risk"
        for time, value, (low, high), risk in zip(survival.index, survival, interval.to_numpy(), at_risk, strict=True)
    ]
    line = {"shape": "hv", "color": f"rgb({colour})"}
    figure.add_trace(
        go.Scatter(x=survival.index, y=survival, mode="lines", line=line, name=label, hovertext=texts, hoverinfo="text")
    )
    censored = curve.event_table.index[curve.event_table["censored"] > 0]
    ticks = {"symbol": "line-ns-open", "color": f"rgb({colour})", "size": 8}
    figure.add_trace(
        go.Scatter(
            x=censored, y=survival.loc[censored], mode="markers", marker=ticks, showlegend=False, hoverinfo="skip"
        )
    )


st.set_page_config(page_title="Survival", layout="wide")
file = st.sidebar.file_uploader("Upload a cohort (CSV)", type="csv", key="file")
if file is None:
    st.title("Survival")
    st.write("Upload a cohort to begin.")
    st.stop()
data = load(file)
endpoint = st.sidebar.radio("Endpoint", ["PFS", "OS"], key="endpoint").lower()
compare = st.sidebar.selectbox("Compare", list(STRATIFIERS), key="by")
column = STRATIFIERS[compare]
time, event = data[f"{endpoint}_months"], data[f"{endpoint}_event"]

figure = go.Figure()
milestones = np.arange(0, time.max(), 6)
rows, rates, risk = [], {}, {}
groups = [("All", data.index), *((str(level), rows.index) for level, rows in data.groupby(column))]
tau = min(time[index].max() for _, index in groups)
for i, (label, index) in enumerate(groups):
    curve = KaplanMeierFitter().fit(time[index], event[index], label=label)
    limits: Any = median_survival_times(curve.confidence_interval_)
    low, high = limits.iloc[0]
    reverse = KaplanMeierFitter().fit(time[index], 1 - event[index])
    rows.append(
        {
            "Group": label,
            "n": len(index),
            "Events": int(event[index].sum()),
            "Median": curve.median_survival_time_,
            "Low": low,
            "High": high,
            "RMST": restricted_mean_survival_time(curve, t=tau),
            "Follow-up": reverse.median_survival_time_,
        }
    )
    rates[label] = curve.survival_function_at_times(milestones)
    risk[label] = [(time[index] >= tick).sum() for tick in milestones]
    if i:
        add_curve(figure, curve, label, COLOURS[(i - 1) % len(COLOURS)])
figure.update_layout(xaxis_title="Months", yaxis_title="Survival", yaxis_range=[0, 1.02], height=480)

p = multivariate_logrank_test(time, data[column], event).p_value
dummies = pd.get_dummies(data[column].astype(str), drop_first=True, dtype=float)
model = pd.concat([time.rename("time"), event.rename("event"), dummies], axis=1)
cox = CoxPHFitter().fit(model, "time", "event")
proportional = proportional_hazard_test(cox, model, time_transform="km")

st.title(f"{endpoint.upper()} by {compare}")
st.write(f"n = {len(data)}, {int(event.sum())} events, log-rank p = {p:.9f}")
st.plotly_chart(figure, width="stretch", key="km")
st.dataframe(pd.DataFrame(risk, index=milestones).T)
st.dataframe(pd.DataFrame(rows))
st.dataframe(pd.DataFrame(rates))
st.dataframe(cox.summary)
st.dataframe(proportional.summary)
