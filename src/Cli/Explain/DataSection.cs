using System.Globalization;
using System.Text;
using EdgeVit.Export.Charts;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What is told about a data set.</summary>
internal sealed class DataSection(DataStudy study, IReadOnlyList<string> labels, PagePictures pictures)
{
    /// <summary>Images of the gallery at most.</summary>
    private const int Gallery = 24;

    /// <summary>Longest side of a small picture, pixels.</summary>
    private const int SmallSide = 64;

    /// <summary>Classes that a matrix has room for.</summary>
    private const int MatrixClasses = 25;

    /// <summary>Pairs of classes that are listed where a matrix has no room.</summary>
    private const int MostPairs = 25;

    private readonly Dictionary<int, (string Id, int Width, int Height)> _small = [];

    public IEnumerable<ReportBlock> Of(IReadOnlyList<ChannelImages> channels)
    {
        int all = study.Images.Count, wrong = all - study.Correct;
        yield return new Paragraph($"{study.Data.Name}: {Quantity.Count(all)} images, {Quantity.Count(study.Correct)} recognised, top-1 {Quantity.Percent((double)study.Correct / all, 2)}, by the packed kernels.");
        yield return new Heading(3, wrong == 0 ? "No mistake; the least sure answers" : "Mistakes first");
        yield return new Paragraph(wrong == 0 ? "The answers with the least probability." : $"{Quantity.Count(wrong)} of {Quantity.Count(all)} images are not recognised. The surest mistakes come first; after the last mistake come the least sure right answers.");
        yield return new HtmlPart(Pictures(study.WrongFirst().Take(Gallery)));
        yield return new Heading(3, "Confusion");
        if (labels.Count <= MatrixClasses)
        {
            yield return new Paragraph("Rows are what the images show, columns what the model says; empty cells are zeros.");
            yield return new HtmlPart(Matrix());
        }
        else
        {
            yield return new Tabular(Pairs());
        }

        if (study.LowPass.Count > 0)
        {
            yield return new Heading(3, "Without fine detail");
            yield return new Paragraph($"Accuracy on the same images after a low-pass filter: of each picture only frequencies up to a radius are kept, in cycles over the picture ({Quantity.Count(study.Unfiltered.Images)} images).");
            yield return LowPassFigure();
        }

        if (channels.Count > 0)
        {
            yield return new Heading(3, "Images that activate a channel most");
            yield return new Paragraph("Of each stage those channels that tell the classes apart best (variance of their means between the classes by that within), and the images with the largest mean over the tokens at the stage's end.");
            foreach (ChannelImages channel in channels)
            {
                string[] seen = [.. channel.Images.GroupBy(i => i.Label).OrderByDescending(g => g.Count()).Take(3).Select(g => $"{g.Count()} {labels[g.Key]}")];
                yield return new HtmlPart($"<h4>Stage {channel.Stage + 1}, channel {channel.Channel}: {Svg.Escape(string.Join(", ", seen))}</h4>\n{Pictures(channel.Images)}");
            }
        }
    }

    private string Pictures(IEnumerable<StudiedImage> images)
    {
        var html = new StringBuilder("<div class=\"gallery\">\n");
        foreach (StudiedImage image in images)
        {
            (string id, int width, int height) = Small(image.Index);
            bool right = image.Label == image.Predicted;
            string says = right ? labels[image.Label] : $"{labels[image.Label]}, taken for {labels[image.Predicted]}";
            html.Append($"<figure{(right ? "" : " class=\"wrong\"")}>{PagePictures.Show(id, width, height, $"{study.Data.SourceName(image.Index)}: {says}")}");
            html.Append($"<figcaption>{Svg.Escape(labels[image.Label])}{(right ? "" : $"<br><strong>{Svg.Escape(labels[image.Predicted])}</strong>")} {Quantity.Percent(image.Probability, 0).Replace(" ", "&nbsp;", StringComparison.Ordinal)}</figcaption></figure>\n");
        }

        return html.Append("</div>\n").ToString();
    }

    private (string Id, int Width, int Height) Small(int index)
    {
        if (!_small.TryGetValue(index, out (string, int, int) known))
        {
            RgbImage image = study.Data.Load(index);
            double factor = Math.Min(1, (double)SmallSide / Math.Max(image.Width, image.Height));
            (int width, int height) = (Math.Max(1, (int)(image.Width * factor)), Math.Max(1, (int)(image.Height * factor)));
            RgbImage small = factor < 1 ? Resampler.Resize(image, width, height, Interpolation.Bilinear) : image;
            _small[index] = known = (pictures.Add(small), width, height);
        }

        return known;
    }

    private string Matrix()
    {
        int[,] counts = new int[labels.Count, labels.Count];
        foreach (StudiedImage image in study.Images)
        {
            counts[image.Label, image.Predicted]++;
        }

        var html = new StringBuilder("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix\"><table class=\"confusion\">\n<caption>Confusion matrix</caption>\n<thead><tr><th scope=\"col\">shows</th>");
        html.AppendJoin("", labels.Select(l => $"<th scope=\"col\">{Svg.Escape(l)}</th>")).Append("<th scope=\"col\">right</th></tr></thead>\n<tbody>\n");
        for (int row = 0; row < labels.Count; row++)
        {
            int sum = Enumerable.Range(0, labels.Count).Sum(c => counts[row, c]);
            html.Append($"<tr><th scope=\"row\">{Svg.Escape(labels[row])}</th>");
            for (int column = 0; column < labels.Count; column++)
            {
                int count = counts[row, column];
                string heat = string.Create(CultureInfo.InvariantCulture, $"{100.0 * count / Math.Max(1, sum):0}");
                html.Append(count == 0 ? "<td></td>" : $"<td class=\"{(row == column ? "right" : "heat")}\" style=\"--heat:{heat}%\">{Quantity.Count(count)}</td>");
            }

            html.Append($"<td class=\"n\">{(sum == 0 ? "-" : Quantity.Percent((double)counts[row, row] / sum))}</td></tr>\n");
        }

        return html.Append("</tbody>\n</table></div>\n").ToString();
    }

    private TextTable Pairs()
    {
        var table = new TextTable($"The classes taken for each other most, of {labels.Count}", "shows", "taken for", ">images", ">of the class");
        foreach (IGrouping<(int Label, int Predicted), StudiedImage> pair in study.Images.Where(i => i.Label != i.Predicted).GroupBy(i => (i.Label, i.Predicted))
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key).Take(MostPairs))
        {
            table.Add(labels[pair.Key.Label], labels[pair.Key.Predicted], Quantity.Count(pair.Count()), Quantity.Percent((double)pair.Count() / study.Images.Count(i => i.Label == pair.Key.Label)));
        }

        return table;
    }

    private Figure LowPassFigure()
    {
        static double Share(LowPassAccuracy a) => 100.0 * a.Correct / a.Images;
        const string caption = "Top-1 in percent by the radius of the low-pass filter";
        string says = string.Join("; ", study.LowPass.Select(a => $"up to {a.Radius}: {Quantity.Fixed(Share(a), 1)} %")) + $"; everything: {Quantity.Fixed(Share(study.Unfiltered), 1)} %";
        (double, double, string)[] whole =
        [
            .. new[] { study.LowPass[0].Radius, study.LowPass[^1].Radius }.Select(r => ((double)r, Share(study.Unfiltered), $"everything: {Quantity.Fixed(Share(study.Unfiltered), 1)} %")),
        ];
        string svg = PointChart.ToSvg(
            caption, says, "radius, cycles over the picture", ChartScale.Logarithmic(study.LowPass[0].Radius, study.LowPass[^1].Radius), ChartScale.Linear(0, 100, 4),
            new PointSeries(6, true, whole),
            new PointSeries(1, true, [.. study.LowPass.Select(a => ((double)a.Radius, Share(a), $"up to {a.Radius}: {Quantity.Fixed(Share(a), 1)} %"))]));
        return new Figure(caption, svg, $"The level line is the pictures as they are. {says}.");
    }
}
