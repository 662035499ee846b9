"""Writes the Parquet files beside this script: python3 make.py, with pyarrow 25."""
import pyarrow as pa
import pyarrow.parquet as pq

lines = ["", " = Robert = \n", "", " Robert is an English film . \n", " It was naïve 日本 . \n"] * 40
wiki = pa.table({"text": lines})
# As the hub's own conversion: Snappy, dictionary pages; two row groups.
pq.write_table(wiki, "wiki-snappy.parquet", compression="snappy", row_group_size=120)
# As newer conversions: Zstandard, plain pages, page version 2.
pq.write_table(wiki, "wiki-zstd.parquet", compression="zstd", use_dictionary=False, data_page_version="2.0")
pq.write_table(wiki, "wiki-plain.parquet", compression="none", use_dictionary=False)
pq.write_table(pa.table({"sentence": ["aer banknote", "pierre <unk> N years old"]}), "ptb-gzip.parquet", compression="gzip")
# ARC as the hub has it: a struct of two lists.
arc = pa.table({
    "id": ["Mercury_1", "Mercury_2"],
    "question": ["Which is hot?", "Which is cold?"],
    "choices": [{"text": ["ice", "fire"], "label": ["A", "B"]}, {"text": ["snow", "sun", "sand"], "label": ["1", "2", "3"]}],
    "answerKey": ["B", "1"],
    "number": pa.array([7, None], pa.int64()),
})
pq.write_table(arc, "arc-snappy.parquet", compression="snappy")
