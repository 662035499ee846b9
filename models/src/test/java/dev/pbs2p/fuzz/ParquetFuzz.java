package dev.pbs2p.fuzz;

import dev.pbs2p.data.Records;

/// Any bytes as a Parquet file.
public final class ParquetFuzz {

    private static final FuzzedFile FILE = FuzzedFile.named("text.parquet", new FuzzedFile.Bound(128, 2000));

    private ParquetFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        FILE.read(data, path -> {
            try (Records records = Records.open(path)) {
                while (records.hasNext()) {
                    records.next();
                }
            }
        });
    }
}
