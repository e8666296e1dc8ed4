"""A summary to try the search on. Made up: no publication, no patients."""

from kras_core.audit.summary import Comparison, EndpointSummary, Summary

EXAMPLE = Summary(
    title="Made-up example",
    n=120,
    groups={"arm": {"Experimental": 60, "Control": 60}},
    endpoints={
        "pfs": EndpointSummary(
            events=97,
            median="7.9",
            by={
                "arm": Comparison(
                    median={"Experimental": "9.4", "Control": "6.1"},
                    rates={"Experimental": {"6": "66.7"}, "Control": {"6": "51.7"}},
                    hazard_ratio="0.65",
                    hazard_ratio_interval=("0.43", "0.97"),
                    of="Experimental",
                    logrank_p="0.034",
                )
            },
        ),
        "os": EndpointSummary(
            events=71,
            median="15.2",
            follow_up="22.6",
            by={
                "arm": Comparison(
                    median={"Experimental": "17.8", "Control": "13.0"}, hazard_ratio="0.74", of="Experimental"
                )
            },
        ),
    },
)
