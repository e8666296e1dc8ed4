"""What must not be opened: archives that unfold, sheets that span billions of cells, protected files."""

import base64
import io
import struct
import zipfile
import zlib

import pytest

from kras_core.cohort.files import archive
from kras_core.cohort.files.archive import WorkbookError
from kras_core.cohort.files.workbook import sheets
from kras_core.cohort.readers import read
from tests.cohort.files import PATIENTS, lines_of, refusal, workbook_of

GOOD = workbook_of(patients=lines_of(PATIENTS))
SHEET = "xl/worksheets/sheet1.xml"


def repacked(content: bytes, **changes: bytes) -> bytes:
    """The workbook with the content of some members replaced ("sheet" is the first sheet)."""
    replaced = {SHEET if name == "sheet" else name: data for name, data in changes.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, replaced.get(member.filename, old.read(member)))
    return out.getvalue()


def sheet_with(content: bytes, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        xml = opened.read(SHEET)
    assert old in xml
    return repacked(content, sheet=xml.replace(old, new))


def test_an_ordinary_workbook_is_opened():
    assert [column[0] for column in sheets(GOOD, ())["patients"]] == list(PATIENTS[0])


def test_an_archive_that_unfolds_is_refused_by_what_its_directory_says(monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1024**2)
    bomb = repacked(GOOD, sheet=b"<worksheet>" + bytes(2 * 1024**2))
    assert len(bomb) < 50_000
    with pytest.raises(WorkbookError, match="Unpacked"):
        sheets(bomb, ())


def test_an_archive_that_unfolds_is_refused_although_its_directory_lies(monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1024**2)
    size, claimed = 2 * 1024**2, 100
    xml = b"<worksheet>" + b" " * (size - 11)
    bomb = repacked(GOOD, sheet=xml)
    # Claim another size and the checksum of the first bytes, in the local header and in the directory alike.
    old = struct.pack("<L", zlib.crc32(xml)), struct.pack("<L", size)
    new = struct.pack("<L", zlib.crc32(xml[:claimed])), struct.pack("<L", claimed)
    assert bomb.count(old[0]) == bomb.count(old[1]) == 2
    lying = bomb.replace(old[0], new[0]).replace(old[1], new[1])
    with zipfile.ZipFile(io.BytesIO(lying)) as opened:
        assert opened.getinfo(SHEET).file_size == claimed
        assert len(opened.read(SHEET)) == claimed  # the standard reader believes it
    with pytest.raises(WorkbookError, match="Unpacked"):
        sheets(lying, ())


def test_two_cells_far_apart_do_not_make_a_sheet_of_billions():
    far = sheet_with(GOOD, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    with pytest.raises(WorkbookError, match="spans more than 20,000,000 cells"):
        sheets(far, ())


def test_an_address_across_two_pieces_is_seen(monkeypatch):
    far = sheet_with(GOOD, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    for size in (7, 64, 1000):
        monkeypatch.setattr(archive, "CHUNK", size)
        with pytest.raises(WorkbookError, match="spans more than"):
            sheets(far, ())


def test_cells_without_addresses_are_refused():
    with pytest.raises(WorkbookError, match="no addresses"):
        sheets(sheet_with(GOOD, b'<c r="A1"', b"<c"), ())


def test_text_that_looks_like_a_cell_is_text():
    rows = [{**PATIENTS[0], "note": 'ratio a:c is <c r="XFD1048576">'}]
    columns = sheets(workbook_of(patients=lines_of(rows)), ())["patients"]
    assert columns[-1] == ["note", 'ratio a:c is <c r="XFD1048576">']


def test_an_archive_that_is_no_workbook_and_a_damaged_one_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("patients.csv", "patient_id\nSIM-01\n")
    assert "no Excel workbook" in refusal(("patients.xlsx", out.getvalue())).sentence
    assert "damaged" in refusal(("patients.xlsx", GOOD[: len(GOOD) // 2])).sentence
    assert "damaged" in refusal(("patients.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000))).sentence


def test_a_workbook_with_a_password_says_so():
    # Excel wraps an encrypted workbook in an OLE container with a stream of this name.
    protected = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    assert "password" in refusal(("patients.xlsx", protected)).sentence


def test_sheets_that_are_not_wanted_stay_unread():
    book = workbook_of(patients=lines_of(PATIENTS), large=[["x"] * 10] * 10)
    found = sheets(book, ("patients",))
    assert list(found) == ["patients", "large"]
    assert found["large"] == []


# An .xls of two simulated patients and an adverse event, compressed: no library here can write one.
OLD = zlib.decompress(
    base64.b64decode(
        "eNrtWE9IFGEU/32zs+4fdV1NJQ1EhKxMIevSRbeClA6K2aGIYBubocR2ldlBskNZtscg6JREINihixWB/Ye6dQiMOgRBoHXsFBR0UKf3"
        "vZmx1Qx2oYSN+S3fm/fe9733fTPvzfu+nTdzlfNT9+sXsAadCGDZjqAkRyeoRTwhDuq3bcl61zA120dRIRKmQJYE8bT8dUjGUMZ7AQru"
        "qS+JAp+oncAIeofTRuMG4gCvQRNyDR1CpdxTcJNaDHW8riqmp5huYnqXxz5juo81V5l20Nh5cRxzid6WvW4eH1OauC9GVOAh23xgTTtq"
        "8Erm8cVrwhkbxH5zUDtbZB0NahmmQSHtNtKGKeUK3EYUGCO0pVJtuj6Pagr3NL7bjcA3771+0ejrN1YvQPofq/WhP+jDFMS1+uuKCozD"
        "PilkMmepMluqU477NGvQSFuZLGoxyZU8Bk0fNcyMkTRGZc8iUqQDyqhRcow4BslBPQBkjHOkyliaaSV1zTIomYYzxI1lwsyxB/J65FBP"
        "2652Sr8eT9hNQhetwTLMVBA4bWq6QWK/ljkTlXsI15z4qppTzm9iGVEdFcxX8vsYp9tYvPP1bc9AXyLJmnHeZ5zdaKu8ddi4JC3IOMY9"
        "AaY0MVrYYifTy+x1C/P1TKtpDF2b+2pcpmuCx1zh3maaZw/jXWJbDr+d+OyXw48asp8TO4if6V44Xz3zPjGFJtoddbKXvwm0ilYxeUPi"
        "ccK7CrdufWRa91sNCytxd+22u+VWYEkGhlDJ1JHk0xErkuI+K0cKkBRYkVSSVNezWMezYM9Bd7xgzzIez7GZa24VnjyQ/m8pcHtU9qWs"
        "40thXyHXlxPDsOtLYV8Ds9JXaZe3YhWdShVmJUs1+xc2IkuUlVwp1iwJ5JElkVVZEs3JhEAemVBK0gUlypngWHO8sF68fPjw4cOHDx/F"
        "AuGehAJ8GnNOzfKkFXK/6yxRW/Y/k/y36Mcw/Sz6S3kQabqaGCsof2oRFJ4vkaeN971Q4ijNbmIIA7yOoYLzl07KIvd+8jaM/71XqND5"
        "lwtZ5z+e/ydfryjp"
    )
)


def test_an_old_workbook_is_read_like_a_new_one():
    tables = read(("ward.xls", OLD))
    assert tables.patients.preview() == [
        {"patient_id": "SIM-01", "sex": "M", "start_date": "2021-03-15", "os_days": "167", "os_event": "1"},
        {"patient_id": "SIM-02", "sex": "F", "start_date": "2021-09-01", "os_days": "372.5", "os_event": "0"},
    ]
    assert tables.adverse_events is not None
    assert tables.adverse_events.preview() == [{"patient_id": "SIM-01", "term": "Rash", "grade": "2"}]


def test_an_old_workbook_that_asks_for_all_memory_ends_its_own_process_only():
    number = b"\x7e\x02\x0a\x00" + struct.pack("<HH", 1, 2)  # a cell in row 1, column 2 ...
    assert OLD.count(number) == 1
    far = OLD.replace(number, b"\x7e\x02\x0a\x00" + struct.pack("<HH", 65535, 65535))  # ... moved to the far corner
    assert "Save it as .xlsx" in refusal(("ward.xls", far)).sentence
