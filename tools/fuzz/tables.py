"""Tables that Hypothesis makes up: KRAScope's names over any text, numbers at their edges, ragged lines."""

from hypothesis import strategies as st

from kras_core.cohort.variables import VARIABLES

_NAMES = st.sampled_from([*VARIABLES, "dfs_months", "dfs_event", "USUBJID", "PARAMCD", "CNSR", "AVAL", "PATIENT_ID"])
_EDGES = st.sampled_from(
    ["", ".", "NA", "-99", "0", "1", "2", "-0", "1e308", "1E2147483648", "inf", "1,5", "1.5", "1_0", "٣", "½", "=A1"]
    + ["2021-02-30", "0001-01-01", "9999-12-31", "12/31/2020", "1:DECEASED", "\u202e", "<b>", "SIM-EXAMPLE-1", "p.G12C"]
)
_CELLS = st.one_of(_EDGES, st.text(max_size=12), st.floats().map(repr), st.integers().map(str), st.dates().map(str))
_HEADERS = st.lists(st.one_of(_NAMES, st.text(max_size=8)), min_size=1, max_size=10)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file name and the bytes of a text table, well formed or not."""
    header = draw(_HEADERS)
    if draw(st.booleans()):
        header = ["patient_id", "os_months", "os_event", *header]
    width = len(header) if draw(st.booleans()) else draw(st.integers(1, 12))
    rows = draw(st.lists(st.lists(_CELLS, min_size=width, max_size=width), max_size=8))
    if draw(st.booleans()):  # a sound core, so that what is odd stands beside it
        header = ["patient_id", "os_months", "os_event", *draw(st.lists(st.text("abcé中<", min_size=1), max_size=3))]
        more = st.lists(_CELLS, min_size=len(header) - 3, max_size=len(header) - 3)
        rows = [[f"SIM-{i}", f"{i + 1.5}", str(i % 2), *draw(more)] for i in range(draw(st.integers(1, 6)))]
    separator = draw(st.sampled_from(",;\t|"))
    quoted = draw(st.booleans())

    def line(cells: list[str]) -> str:
        return separator.join('"' + cell.replace('"', '""') + '"' if quoted else cell for cell in cells)

    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(map(line, [header, *rows]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030", "latin-1"]))
    return draw(st.sampled_from(["a.csv", "a.tsv", "a.txt"])), text.encode(encoding, "replace")
