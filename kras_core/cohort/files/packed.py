"""A zip of several files -> the tables among them, measured while they are unpacked."""

import copy
import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from kras_core.cohort.files.archive import CHUNK, DAMAGE
from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES, NAMED, SUFFIXES, ZIP, suffix_of
from kras_core.cohort.problems import Problem

MAX_MEMBERS = 500
MAX_UNPACKED_BYTES = 200 * 1024**2

_ENCRYPTED = 0x1
_LEFT_OUT = ("__macosx/",)


def unpack(name: str, content: bytes) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    """The files of an archive that can hold a table, as (archive/member, content), and what was noticed.

    Every one is held to the size of an upload, all together to MAX_UNPACKED_BYTES, whatever the archive's
    directory says. An archive within the archive is left out.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) > MAX_MEMBERS:
                return [], [_refuse(name, "too-large", f"at most {MAX_MEMBERS} files, found {len(members):,}")]
            if any(m.flag_bits & _ENCRYPTED for m in members):
                remedy = "This archive is protected by a password. Unpack it and choose the files."
                return [], [Problem("error", "protected", name, remedy=remedy)]
            return _unpack(name, archive, members)
    except DAMAGE:
        remedy = "This archive is damaged. Pack it again, or choose the files themselves."
        return [], [Problem("error", "damaged", name, remedy=remedy)]


def _refuse(name: str, code: str, expected: str) -> Problem:
    return Problem("error", code, name, expected=expected, remedy="Unpack it and choose the files that are needed.")


def _unpack(
    name: str, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]
) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    kept = [m for m in members if _may_hold_a_table(m.filename)]
    left = [m.filename for m in members if m not in kept and not m.filename.lower().startswith(_LEFT_OUT)]
    files: list[tuple[str, bytes]] = []
    room = MAX_UNPACKED_BYTES
    for member in kept:
        most = min(room, MAX_UPLOAD_BYTES)
        honest = copy.copy(member)
        honest.file_size = most + 2 * CHUNK  # the directory may lie: read on until the stream ends or the room does
        with archive.open(honest) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            limit = f"at most {MAX_UPLOAD_BYTES // 1024**2} MB a file and {MAX_UNPACKED_BYTES // 1024**2} MB in all"
            return [], [_refuse(name, "too-large", limit)]
        room -= len(content)
        files.append((f"{name}/{member.filename}", content))
    problems = [*_remarks(name, left)]
    if not files:
        problems.append(Problem("error", "no-table", name, remedy="There is no table in this archive."))
    return files, problems


def _may_hold_a_table(member: str) -> bool:
    path = PurePosixPath(member)
    hidden = path.name.startswith((".", "~$")) or member.lower().startswith(_LEFT_OUT)
    return not hidden and suffix_of(member) in SUFFIXES and NAMED.get(suffix_of(member)) != ZIP


def _remarks(name: str, left: list[str]) -> Iterator[Problem]:
    if left:
        shown = ", ".join(left[:5]) + (", …" if len(left) > 5 else "")
        yield Problem("note", "left-out", name, remedy=f"Not read: {shown}.")
