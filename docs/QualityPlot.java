import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Draws quality.png from quality.csv; quality.md says how to run it.
///
/// Only the best files of a series at their size make up its line; the others are points.
void main() throws IOException {
    Path folder = Path.of("docs");
    XYChart chart = new XYChartBuilder()
            .width(900)
            .height(600)
            .title("Demo model, WikiText-2 test: perplexity by size of the linear layers")
            .xAxisTitle("bits a weight on disk")
            .yAxisTitle("perplexity")
            .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
    chart.getStyler().setXAxisMin(1.4).setXAxisMax(3.6).setYAxisMin(30.0).setYAxisMax(46.0);
    Color[] colours = {new Color(0xc0392b), new Color(0x2980b9), new Color(0x27ae60), new Color(0x7f8c8d)};
    int next = 0;
    for (Map.Entry<String, List<double[]>> series : series(folder.resolve("quality.csv")).entrySet()) {
        List<double[]> points = series.getValue();
        XYSeries drawn = chart.addSeries(
                series.getKey(),
                points.stream().mapToDouble(p -> p[0]).toArray(),
                points.stream().mapToDouble(p -> p[1]).toArray());
        drawn.setMarker(SeriesMarkers.CIRCLE);
        drawn.setLineStyle(new BasicStroke(series.getKey().startsWith("paper") ? 0f : 1.5f));
        drawn.setLineColor(colours[next % colours.length]);
        drawn.setMarkerColor(colours[next++ % colours.length]);
    }
    BitmapEncoder.saveBitmap(chart, folder.resolve("quality.png").toString(), BitmapEncoder.BitmapFormat.PNG);
}

/// Points (bits, perplexity) by series, ascending in bits.
Map<String, List<double[]>> series(Path csv) throws IOException {
    Map<String, List<double[]>> series = new LinkedHashMap<>();
    for (String line : Files.readAllLines(csv)) {
        String[] cells = line.split(",");
        if (!cells[0].equals("series")) {
            series.computeIfAbsent(cells[0], _ -> new ArrayList<>())
                    .add(new double[] {Double.parseDouble(cells[2]), Double.parseDouble(cells[3])});
        }
    }
    series.values().forEach(points -> points.sort((a, b) -> Double.compare(a[0], b[0])));
    return series;
}
