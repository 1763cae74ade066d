"""Read an Arrow file that tercet wrote with pyarrow and DuckDB, and compare every cell with what was written.

    python test/interop/arrow/readByOthers.py FILE.arrow ROWS.jsonl

ROWS.jsonl holds the rows as they must come out: query_id, query, positives, negatives. Exit code 1 where they differ.

Written against pyarrow 26.0.1, duckdb 2.0.0.
"""

import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds


def in_duckdb(path):
    """The rows by SQL, over the file itself: DuckDB reads it through an Arrow data set, batch by batch."""
    rows = ds.dataset(path, format="ipc")
    found = duckdb.sql("select query_id, query, positives, negatives from rows").fetchall()
    return [dict(zip(["query_id", "query", "positives", "negatives"], row)) for row in found]


def main(path, expected):
    with open(expected, encoding="utf8") as lines:
        rows = [json.loads(line) for line in lines]
    with pa.ipc.open_file(path) as file:
        table = file.read_all()
    table.validate(full=True)
    metadata = {name.decode(): value.decode() for name, value in (table.schema.metadata or {}).items()}
    assert metadata["tercet.rows"] == str(len(rows)), metadata
    with open(path, "rb") as stream:  # without its mark a file is a stream
        stream.seek(8)
        as_stream = pa.ipc.open_stream(stream).read_all()
    failures = 0
    for name, found in [("pyarrow", table.to_pylist()), ("pyarrow, as a stream", as_stream.to_pylist()), ("DuckDB", in_duckdb(path))]:
        same = found == rows
        failures += not same
        print(f"{name}: {len(found)} rows, {'equal' if same else 'DIFFERENT'} cell for cell")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
