"""The only Streamlit helpers: what a session holds, the sidebar, downloads."""
