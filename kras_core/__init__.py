"""KRAScope's core: cohorts in, survival and safety figures out. No Streamlit; all of it works in a notebook."""

__version__ = "0.1.0"
