package dev.pbs2p.format;

import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the metadata of a `.pbs2p` says about one packed linear.
record PackedEntry(PackedFormat format, int rows, int cols) {

    static final String PLANES = ".planes";
    static final String STEPS = ".steps";
    static final String SALIENT = ".salient";

    private static final Pattern TEXT = Pattern.compile("n=(?<n>\\d+) m=(?<m>\\d+) order=(?<order>strided|consecutive)"
            + " group=(?<group>\\d+) segments=(?<segments>\\d+) levels=(?<levels>free|symmetric)"
            + " salient=(?<salient>none|columns) rows=(?<rows>\\d+) cols=(?<cols>\\d+)");

    /// @throws IllegalArgumentException if it is no such text, or its numbers are none that the format allows
    static PackedEntry parse(String text) {
        Matcher m = TEXT.matcher(text);
        if (!m.matches()) {
            throw new IllegalArgumentException("its description is not like " + TEXT);
        }
        PackedFormat format = new PackedFormat(
                Integer.parseInt(m.group("n")),
                Integer.parseInt(m.group("m")),
                m.group("order").equals("strided"),
                Integer.parseInt(m.group("group")),
                Integer.parseInt(m.group("segments")),
                m.group("levels").equals("symmetric"),
                m.group("salient").equals("columns"));
        return new PackedEntry(format, Integer.parseInt(m.group("rows")), Integer.parseInt(m.group("cols")));
    }

    /// What [#parse] reads.
    String text() {
        return "n=" + format.n() + " m=" + format.m() + " order=" + (format.strided() ? "strided" : "consecutive")
                + " group=" + format.group() + " segments=" + format.segments()
                + " levels=" + (format.symmetric() ? "symmetric" : "free")
                + " salient=" + (format.salient() ? "columns" : "none") + " rows=" + rows + " cols=" + cols;
    }

    /// The tensors that hold it.
    ///
    /// @throws IllegalArgumentException if a side is not positive
    List<Declared> tensors(String name) {
        SlicedLayout layout = new SlicedLayout(format, rows, cols);
        List<Declared> tensors = new ArrayList<>();
        tensors.add(Declared.of(name + PLANES, DType.U8, layout.planesBytes()));
        tensors.add(Declared.of(name + STEPS, DType.F16, rows));
        if (format.salient()) {
            tensors.add(Declared.of(name + SALIENT, DType.U8, layout.groups(), format.group() / 8));
        }
        return tensors;
    }
}
