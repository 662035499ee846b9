"""Writes the records of ../tasks as the hub has them, one Parquet file a task: python3 make.py, with pyarrow 25."""
import glob
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

NARROW = {"idx": pa.int32(), "ind": pa.int32()}

for path in sorted(glob.glob("../tasks/*/*.jsonl")):
    records = [json.loads(line) for line in open(path, encoding="utf-8") if line.strip()]
    table = pa.Table.from_pylist(records)
    # Numbers as the hub's conversion has them: labels of 64 bits, numbers of records of 32.
    table = table.cast(pa.schema([f.with_type(NARROW.get(f.name, f.type)) for f in table.schema]))
    pq.write_table(table, pathlib.Path(path).parent.name + ".parquet", compression="snappy", row_group_size=2)
