/// Files: safetensors, and the packed `.pbs2p` inside it.
///
/// This page is the byte layout of a `.pbs2p`, version 2. All numbers are little-endian.
///
/// ## The file
/// A `.pbs2p` is a safetensors file that every reader of that format can list:
///
/// | bytes | what |
/// |---|---|
/// | 8 | length H of the header |
/// | H | header: JSON in UTF-8, then spaces, so that 8 + H is a multiple of 64 |
/// | rest | the tensors' data, without holes |
///
/// The header maps each tensor's name to its `dtype`, `shape` and `data_offsets` (begin and end in the data), and
/// `__metadata__` to strings. Tensors whose size is a multiple of 64 bytes come first, so each begins at such a
/// multiple (planes always do); the others follow, wide elements first.
///
/// | metadata key | value |
/// |---|---|
/// | `format` | `pbs2p` |
/// | `version` | `2` |
/// | `packed:NAME` | the packed weight NAME (below) |
/// | `provenance:KEY` | free text: how the file was made |
///
/// A packed weight reads `n=4 m=8 order=strided group=128 segments=1 levels=free salient=none rows=4096 cols=4096`,
/// where order is `strided` or `consecutive`, levels `free` or `symmetric`, and salient `none` or `columns`.
///
/// | tensor | dtype and shape | what |
/// |---|---|---|
/// | `NAME.planes` | U8, bytes | units of a packed weight (below) |
/// | `NAME.steps` | F16, rows | what one level of a row is worth |
/// | `NAME.salient` | U8, groups × group / 8 | only with salient columns: bit c % 8 of byte c / 8 for column c |
/// | `NAME` with `NAME.scales` | I8, rows × cols; F32, rows × ⌈cols / 128⌉ | an 8-bit table (embeddings, head) |
/// | `files/FILE` | U8, bytes | a side file: `config.json`, `tokenizer.json`, … |
/// | `checksums` | U8, (other tensors + 1) × 4 | CRC32C of each other tensor in the order of the data, and one more |
/// | any other | F32, F16, BF16, … | a dense weight under its own name, as in the checkpoint |
///
/// A value of an 8-bit table is its signed byte times the scale of its row and 128 columns.
///
/// The last of the `checksums` is that of the first 8 + H bytes of the file followed by the entries before it.
///
/// The real bits a weight are 8 × the bytes of `planes`, `steps` and `salient` ÷ (rows · cols).
///
/// ## A packed weight
/// The weight (row, col) is 0 where pruned, else `step(row)` times an integer made of the levels of its row and column
/// group, a segment number and a sign ([dev.pbs2p.tensor.Codes] has the formula). [SlicedLayout] computes the offsets,
/// [Packing] writes and reads the bytes.
///
/// **Units.** A unit is 64 rows × one group of columns (`group`, fewer in a short last group). The units of 16 × 64
/// rows make a row block (of fewer rows in the last). Row blocks follow each other; inside a block lie its units of the
/// first group, then those of the second, and so on. Rows beyond the matrix are zero bits and zero levels.
///
/// **Slots and plane vectors.** A slot is 8 columns, its lanes. A plane vector is 64 bytes: byte r holds 8 bits of row
/// r, bit j for lane j. A plane is a few such vectors. A group of t columns is cut into subblocks:
///
/// | format | slots of a subblock (m') | column of slot k, lane j of subblock s | N:M group | kept at most (n') |
/// |---|---|---|---|---|
/// | N = M (dense) | 16, the last what is left of ⌈t/8⌉ | 8·(16·s + k) + j | – | all: n' = m' |
/// | strided | M, the last what is left of ⌈t/8⌉ | 8·(M·s + k) + j | lane j of all slots | ⌈m'·N/M⌉ |
/// | consecutive | M always | 8·M·s + M·j + k | lane j of all slots: M neighbours | N; of c < M columns ⌈c·N/M⌉ |
///
/// Columns from t on are padding: pruned where the format prunes, else zero bits.
///
/// **Subblock.** First the compact planes of n' vectors each, then the keep planes of m' vectors each. In the r-th
/// vector of a compact plane, bit j of a row belongs to the r-th kept weight of that row's N:M group j, counted in slot
/// order (in a dense format, to slot r); bits that no weight needs are 0. In the k-th vector of a keep plane, bit j
/// belongs to slot k, lane j.
///
/// | segments | compact planes | keep planes (none if dense) |
/// |---|---|---|
/// | 1 | sign; with salient columns also second sign | keep |
/// | 2 | sign, segment | keep |
/// | 3, pruned | sign | low and high bit of the symbol: 0 pruned, 1 to 3 = segment + 1 |
/// | 3, dense | sign, low and high bit of the segment | – |
/// | 4 | sign, low and high bit of the segment | keep |
///
/// In a salient column the sign is b1, and the second sign b2 takes the place of the segment (0 or 1).
///
/// **Levels.** After a unit's subblocks, one vector of 64 signed bytes (one a row) for each parameter: alpha of each
/// segment; mu of each segment unless symmetric; with salient columns alpha1, alpha2 and, unless symmetric, mu.
///
/// ## What readers check
/// Every length, shape and offset is compared with the file before it is used; version, descriptions and shapes with
/// each other; the header with its checksum when the file is opened, the data with theirs before they are used
/// ([Pbs2pFile]). What does not fit is a [FormatException].
package dev.pbs2p.format;
