"""Write training data with pyarrow in the shapes that people have, for tercet to read.

    python test/interop/arrow/writeByOthers.py FOLDER

Each file NAME.arrow goes with NAME.jsonl, the rows as tercet must read them: query, positives, negatives.

Written against pyarrow 26.0.1.
"""

import json
import os
import random
import sys

import pyarrow as pa

WORDS = "caf\u00e9 \U0001d4d0 the of and \u6771\u4eac to in a is that for on".split()


def text(source, words):
    return " ".join(source.choice(WORDS) for _ in range(words))


def write(folder, name, table, rows, stream=False, **options):
    create = pa.ipc.new_stream if stream else pa.ipc.new_file
    with create(os.path.join(folder, f"{name}.arrow"), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as sink:
        sink.write_table(table, 700)
    with open(os.path.join(folder, f"{name}.jsonl"), "w", encoding="utf8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


def main(folder):
    os.makedirs(folder, exist_ok=True)
    source = random.Random(1)
    rows = [
        {
            "query": text(source, 6),
            "positives": [text(source, 40) for _ in range(1 + i % 2)],
            "negatives": [text(source, 40) for _ in range(i % 5)],
        }
        for i in range(5000)
    ]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    lists = pa.table({
        "extra": pa.array(range(5000), pa.int64()),
        "anchor": pa.array(columns["query"], pa.large_utf8()),
        "pos": pa.array(columns["positives"], pa.large_list(pa.large_utf8())),
        "neg": pa.array(columns["negatives"], pa.list_(pa.utf8())),
    })
    for codec in [None, "lz4", "zstd"]:
        write(folder, f"lists-{codec}", lists, rows, compression=codec)
    write(folder, "chunked-zstd", pa.concat_tables([lists.slice(0, 33), lists.slice(33)]), rows, stream=True, compression="zstd")

    triplets = [{**row, "positives": row["positives"][:1], "negatives": (row["negatives"] or ["none"])[:1]} for row in rows]
    single = pa.table({
        "query": pa.array([row["query"] for row in triplets]).dictionary_encode(),
        "positive": [row["positives"][0] for row in triplets],
        "negative": pa.array([row["negatives"][0] for row in triplets]).dictionary_encode(),
    })
    for codec in ["lz4", "zstd"]:
        write(folder, f"dictionary-{codec}", single, triplets, compression=codec)


if __name__ == "__main__":
    main(sys.argv[1])
