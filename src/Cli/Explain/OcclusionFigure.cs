using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>The occlusion map of a photo: drawn for the predicted class, and redrawn by the page's script for the others.</summary>
internal static class OcclusionFigure
{
    /// <summary>The darkest a square is drawn.</summary>
    private const double MostOpacity = 0.75;

    public static HtmlPart Of(ExplainedPhoto photo, IReadOnlyList<string> labels, string pictureId)
    {
        Occlusion occlusion = photo.Occlusion;
        int predicted = photo.Classes[0];
        (int width, int height) = (photo.Photo.View.Width, photo.Photo.View.Height);
        double most = Math.Max(1e-9, Enumerable.Range(0, occlusion.Covered.Count).Max(p => Math.Abs(occlusion.Drop(p, predicted))));
        (double w, double h) = ((double)width / occlusion.Grid, (double)height / occlusion.Grid);
        var cells = new StringBuilder("<g class=\"cells\">");
        for (int place = 0; place < occlusion.Covered.Count; place++)
        {
            double drop = occlusion.Drop(place, predicted);
            cells.Append(CultureInfo.InvariantCulture,
                $"<rect class=\"{(drop > 0 ? "for" : "against")}\" x=\"{place % occlusion.Grid * w:0.##}\" y=\"{place / occlusion.Grid * h:0.##}\" width=\"{w:0.##}\" height=\"{h:0.##}\" fill-opacity=\"{MostOpacity * Math.Abs(drop) / most:0.##}\"><title>{Says(photo, place, predicted)}</title></rect>");
        }

        double side = (double)occlusion.Side * Math.Min(width, height) / Math.Min(photo.Height, photo.Width);
        (double y, double x) = Occlusion.Middle(occlusion.Peak(predicted), occlusion.Grid, height, width);
        string outline = string.Concat(new[] { "under", "over" }.Select(kind => string.Create(CultureInfo.InvariantCulture,
            $"<rect class=\"occluder {kind}\" x=\"{x - (side / 2):0.##}\" y=\"{y - (side / 2):0.##}\" width=\"{side:0.##}\" height=\"{side:0.##}\"/>")));
        string name = Svg.Escape(labels[predicted]);
        var html = new StringBuilder("<figure class=\"occlusion\"><figcaption>Where a covered square changes <span class=\"class\">").Append(name).Append("</span></figcaption>\n");
        html.Append(PagePictures.Show(pictureId, width, height, $"Occlusion map of {labels[predicted]}; its peak stands in the table", $"{cells}</g>{outline}"));
        html.Append("\n<p class=\"legend\"><span class=\"swatch for\"></span> covered, it lowers the probability<br><span class=\"swatch against\"></span> covered, it raises it<br>");
        html.Append("The outline is the square that costs most, at its size.</p>\n<script type=\"application/json\">").Append(Data(photo, labels).ToJsonString()).Append("</script></figure>\n");
        return new HtmlPart(html.ToString());
    }

    /// <summary>For each class that is shown: the square that costs it most.</summary>
    public static TextTable Table(ExplainedPhoto photo, IReadOnlyList<string> labels)
    {
        var table = new TextTable("The square that costs each class most", "class", ">as it is", ">covered", ">from left, top");
        foreach (int c in photo.Classes)
        {
            int peak = photo.Occlusion.Peak(c);
            (double y, double x) = Occlusion.Middle(peak, photo.Occlusion.Grid, 1, 1);
            table.Add(labels[c], Percent(photo.Probability(c)), Percent(Covered(photo, peak, c)), $"{Quantity.Fixed(100 * x, 0)}, {Quantity.Percent(y, 0)}");
        }

        return table;
    }

    /// <summary>A probability; one that would round to nothing is said to be small.</summary>
    public static string Percent(double probability) => probability < 0.001 ? "< 0.1 %" : Quantity.Percent(probability);

    private static string Says(ExplainedPhoto photo, int place, int classIndex) => $"covered: {Svg.Escape(Percent(Covered(photo, place, classIndex)))}";

    private static double Covered(ExplainedPhoto photo, int place, int classIndex) => Math.Exp(Occlusion.LogProbability(photo.Occlusion.Covered[place], classIndex));

    private static JsonObject Data(ExplainedPhoto photo, IReadOnlyList<string> labels) => new()
    {
        ["grid"] = photo.Occlusion.Grid,
        ["classes"] = new JsonArray([.. photo.Classes.Select(c => (JsonNode)new JsonObject
        {
            ["label"] = labels[c],
            ["probability"] = Quantity.Json(photo.Probability(c)),
            ["drops"] = new JsonArray([.. Enumerable.Range(0, photo.Occlusion.Covered.Count).Select(p => Quantity.Json(photo.Occlusion.Drop(p, c), 3))]),
        })]),
    };
}
