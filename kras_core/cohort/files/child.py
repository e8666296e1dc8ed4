"""The child's side of `apart`: SPSS, SAS, Stata or Parquet -> columns of text, under limits of memory and time.

A script of its own that imports nothing of KRAScope, so that it starts at once. Standard input: a line of
JSON (kind, limits, and a path where the content does not follow), then the content. Standard output: a line
of JSON (what the file says of its columns, or why it is refused), then an Arrow stream of
dictionary-encoded text columns. Never an exception's text: it may hold a patient's value.
"""

import datetime as dt
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

BATCH_ROWS = 65_536
ENCODINGS = ("", "GB18030", "WINDOWS-1252")

Answer = dict[str, Any]


class Refused(Exception):
    """The code of the reason, and what was found."""

    def __init__(self, code: str, found: int | str = "") -> None:
        self.answer = {"refused": code, "found": found}
        super().__init__(code)


def main() -> int:
    request = json.loads(sys.stdin.buffer.readline())
    limit(request["bytes"], request["seconds"])
    return serve(request, request["path"] or io.BytesIO(sys.stdin.buffer.read()), sys.stdout.buffer)


def serve(request: Answer, source: str | io.BytesIO, out: BinaryIO) -> int:
    """Write the answer; the program's exit status, 1 for a file that the reader stumbled over."""
    try:
        (parquet if request["kind"] == "Parquet" else statistical)(source, request, out)
    except Refused as refusal:
        say(refusal.answer, out)
    except MemoryError:
        say({"refused": "too-large", "found": ""}, out)
    except Exception:
        say({"refused": "damaged", "found": ""}, out)
        return 1
    out.flush()
    return 0


def limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits: the time is kept by the parent
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))  # SIGXCPU, which names the reason, then SIGKILL
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(answer: Answer, out: BinaryIO) -> None:
    out.write(json.dumps(answer).encode() + b"\n")
    out.flush()


def check_size(rows: int, columns: int, request: Answer) -> None:
    if columns > request["columns"]:
        raise Refused("too-many-columns", columns)
    if rows * columns > request["cells"]:
        raise Refused("too-large", rows * columns)


# SPSS, SAS, Stata


def statistical(source: str | io.BytesIO, request: Answer, out: BinaryIO) -> None:
    values, meta, encoding = read_any_encoding(source, request)
    columns = [Column(meta, name, cells) for name, cells in values.items()]
    check_size(max((len(c.cells) for c in columns), default=0), len(columns), request)
    say(
        {
            "labels": {n: label for n, label in meta.column_names_to_labels.items() if label},
            "value_labels": {c.name: c.value_labels for c in columns if c.value_labels},
            "declared": {c.name: c.declared for c in columns if c.declared},
            "encoding": encoding,
        },
        out,
    )
    import pyarrow as pa

    arrays = [pa.DictionaryArray.from_arrays(pa.array(c.codes, pa.int32()), pa.array(c.words)) for c in columns]
    write([pa.record_batch(arrays, names=[c.name for c in columns])], out)


def read_any_encoding(source: str | io.BytesIO, request: Answer) -> tuple[dict[str, list[Any]], Any, str]:
    """Cells by column, what the file says of them, and the encoding where it is not the file's own word."""
    import pyreadstat

    read = {
        "SPSS": pyreadstat.read_sav,
        "SAS": pyreadstat.read_sas7bdat,
        "SAS transport": pyreadstat.read_xport,
        "Stata": pyreadstat.read_dta,
    }[request["kind"]]
    for encoding in ENCODINGS:
        options: Answer = {"encoding": encoding} if encoding else {}
        try:
            if not isinstance(source, str):
                source.seek(0)
            _, meta = read(source, metadataonly=True, **options)
            columns = meta.number_columns or 0
            check_size(meta.number_rows or 0, columns, request)
            options["row_limit"] = request["cells"] // max(columns, 1) + 1
            if request["kind"] != "SAS transport":
                options["user_missing"] = True
            if not isinstance(source, str):
                source.seek(0)
            values, meta = read(source, output_format="dict", **options)
            return values, meta, encoding
        except pyreadstat.ReadstatError as error:
            if "convert string" not in str(error):
                raise
    raise Refused("encoding")


class Column:
    """One column's cells as codes of distinct texts, with what the file declares: labels, missing values."""

    def __init__(self, meta: Any, name: str, cells: Sequence[Any]) -> None:
        self.name, self.cells = name, cells
        kind = meta.readstat_variable_types.get(name, "")
        self.text = text_of_single if kind == "float" else text_of
        self.is_number = kind != "string"
        self.ranges = meta.missing_ranges.get(name, ())
        labels = meta.variable_value_labels.get(name, {})
        self.value_labels = {self.text(code): str(label) for code, label in labels.items()}
        distinct: dict[Any, int] = {}
        self.codes = [distinct.setdefault(v if v == v else None, len(distinct)) for v in cells]
        missing = {v: code for v, code in distinct.items() if self.is_missing(v)}
        self.words = ["" if v in missing else self.text(v) for v in distinct]
        self.declared = self.count(missing) if missing else {}

    def is_missing(self, value: Any) -> bool:
        """Whether the file declares this value missing: by SPSS's list or range, or as .a to .z of SAS and Stata."""
        if value is None or value == "":
            return False
        if self.is_number and isinstance(value, str):
            return True
        return any(comparable(r["lo"], value) and r["lo"] <= value <= r["hi"] for r in self.ranges)

    def count(self, missing: dict[Any, int]) -> dict[str, int]:
        named = {
            code: f".{v}" if isinstance(v, str) and self.is_number else self.text(v) for v, code in missing.items()
        }
        counts = dict.fromkeys(named.values(), 0)
        for code in self.codes:
            if code in named:
                counts[named[code]] += 1
        return counts


def comparable(bound: Any, value: Any) -> bool:
    return isinstance(bound, str) == isinstance(value, str) and not isinstance(value, dt.date | dt.time)


def text_of(value: Any) -> str:
    """The shortest text that reads back the same; dates as year-month-day; nothing where there is no value."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value).removesuffix(".0")


def text_of_single(value: Any) -> str:
    """A number of single precision (Stata's float): 25.54051, not 25.540510177612305."""
    import numpy as np

    return text_of(value) if not isinstance(value, float) or value != value else text_of(np.float32(value))


# Parquet


def parquet(source: str | io.BytesIO, request: Answer, out: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(source) as file:
        schema = file.schema_arrow
        check_size(file.metadata.num_rows, len(schema), request)
        readers = [reader_of(field) for field in schema]
        say({"labels": {}, "value_labels": {}, "declared": {}, "encoding": ""}, out)

        def batches() -> Iterator[Any]:
            for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
                yield pa.record_batch([r(c) for r, c in zip(readers, batch.columns, strict=True)], names=schema.names)

        write(batches(), out)


def reader_of(field: Any) -> Callable[[Any], Any]:
    """How this column becomes dictionary-encoded text. Refuses lists, structures and bytes."""
    import pyarrow as pa

    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    plain = (
        pa.types.is_integer(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
    )
    if plain:
        return lambda column: encoded(column, lambda distinct: distinct.cast(pa.string()).to_pylist())
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        coarse = pa.timestamp("us")
        return lambda column: encoded(column, lambda d: [*map(text_of, d.cast(coarse, safe=False).to_pylist())])
    if pa.types.is_floating(kind):
        text = text_of_single if pa.types.is_float32(kind) else text_of
        return lambda column: encoded(column, lambda distinct: [*map(text, distinct.to_pylist())])
    raise Refused("nested", field.name)


def encoded(column: Any, texts: Callable[[Any], list[str | None]]) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    coded = column.dictionary_encode()
    words = [word or "" for word in texts(coded.dictionary)]
    codes = coded.indices.fill_null(len(words))
    return pa.DictionaryArray.from_arrays(codes, pa.array([*words, ""], pa.string()))


def write(batches: Any, out: BinaryIO) -> None:
    import pyarrow as pa

    stream = None
    for batch in batches:
        if stream is None:
            stream = pa.ipc.new_stream(out, batch.schema)
        stream.write_batch(batch)
    if stream is not None:
        stream.close()


if __name__ == "__main__":
    sys.exit(main())
