"""Tables of text as CSV that a spreadsheet opens without running anything."""

import csv
import io
from collections.abc import Mapping, Sequence

# A cell that begins so is a formula to spreadsheets (OWASP, "CSV injection").
LIVE = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def csv_bytes(rows: Sequence[Mapping[str, str]], footer: Sequence[str] = ()) -> bytes:
    """UTF-8 with a byte-order mark, headers neutralised too. Footer lines follow an empty row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer.writerow([neutral(c) for c in columns])
    writer.writerows([neutral(row.get(c, "")) for c in columns] for row in rows)
    if footer:
        writer.writerow([])
        writer.writerows([neutral(line)] for line in footer)
    return out.getvalue().encode("utf-8-sig")


def neutral(text: str) -> str:
    """The same text, marked as text where a spreadsheet would take it for a formula; plain numbers stay."""
    if not text.startswith(LIVE) or _is_number(text):
        return text
    return f"'{text}"


def _is_number(text: str) -> bool:
    try:
        float(text.replace("−", "-"))
    except ValueError:
        return False
    return True
