"""Good bytes -> damaged ones: flipped, overwritten with telling numbers, cut, doubled, spliced, renamed."""

import io
import random
import zipfile
from collections.abc import Callable, Sequence

_TELLING = (
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80",
    b"\x80\x00\x00\x00",
    b"\x00" * 8,
    b"\xff" * 8,
    b"\x01\x00\x00\x00",
)
_TEXTS = (
    b'"',
    b"\x00",
    b"\r",
    b"=1+1",
    b"1E2147483648",
    b"-1e999",
    b"nan",
    b"\xe2\x80\xae",
    b"<script>",
    b"![x](http://x)",
    b",,,,",
    b"9" * 400,
)
_NAMES = (".csv", ".txt", ".xlsx", ".xls", ".sav", ".dta", ".sas7bdat", ".xpt", ".parquet", ".zip", "")

Mutation = Callable[[bytearray, random.Random], bytes]


def _flipped(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _overwritten(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 4))):
        at, text = rng.randrange(min(len(data), rng.choice((256, 4096, len(data))))), rng.choice(_TELLING)
        data[at : at + len(text)] = text
    return bytes(data)


def _inserted(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    data[at:at] = rng.choice(_TEXTS) * rng.choice((1, 1, 50))
    return bytes(data)


def _cut(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _deleted(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 4, 80, 1000))]
    return bytes(data)


def _doubled(data: bytearray, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data)), rng.choice((1, 8, 200, 5000))
    data[at:at] = data[at : at + length] * rng.choice((1, 3, 20))
    return bytes(data)


_MUTATIONS: Sequence[Mutation] = (_flipped, _overwritten, _inserted, _cut, _deleted, _doubled)


def mutated(name: str, content: bytes, others: Sequence[bytes], rng: random.Random) -> tuple[str, bytes]:
    """A damaged copy under its own name or another's; archives are damaged inside as often as outside."""
    kind = rng.random()
    if kind < 0.03:
        return name + rng.choice(_NAMES), content
    if kind < 0.06:
        other = rng.choice(others)
        return name, content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]
    if content[:2] == b"PK" and kind < 0.6:
        return name, _inside(content, rng)
    changed = content
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        changed = rng.choice(_MUTATIONS)(bytearray(changed or b"x"), rng)
    return name, changed


def _inside(content: bytes, rng: random.Random) -> bytes:
    """The archive with one of its files damaged, packed again so that its checksums hold."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {member: archive.read(member) for member in archive.namelist()}
    chosen = rng.choice([member for member, text in files.items() if text])
    files[chosen] = rng.choice(_MUTATIONS)(bytearray(files[chosen]), rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return out.getvalue()
