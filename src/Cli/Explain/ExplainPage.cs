using System.Reflection;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The page of <c>explain</c>: one file that needs nothing else.</summary>
internal static class ExplainPage
{
    private static readonly PageParts s_parts = new("edgevit explain", Resource("explain.css"), Resource("explain.js"));

    /// <summary>Writes the page.</summary>
    public static string Write(EvitModel model, NetworkLayout layout, IReadOnlyList<ExplainedPhoto> photos, DataStudy? study, IReadOnlyList<ChannelImages> channels)
    {
        var pictures = new PagePictures();
        var attention = new AttentionFigure(AttentionFigure.Budget);
        List<ReportBlock> sections = [];
        for (int i = 0; i < photos.Count; i++)
        {
            string anchor = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"photo-{i + 1}");
            sections.Add(new Heading(2, Path.GetFileName(photos[i].Photo.Source) is { Length: > 0 } name ? name : photos[i].Photo.Source, anchor));
            sections.AddRange(PhotoSection.Of(photos[i], model.Labels, pictures, attention));
        }

        if (photos.Count > 0)
        {
            sections.Add(new Heading(2, "Heads", "heads"));
            sections.AddRange(HeadsSection.Of(layout, photos));
        }

        if (study is not null)
        {
            sections.Add(new Heading(2, "Data", "data"));
            sections.AddRange(new DataSection(study, model.Labels, pictures).Of(channels));
        }

        sections.Add(new Heading(2, "How to read this", "reading"));
        sections.Add(Reading(attention));
        return HtmlPage.Write(
        [
            new Heading(1, $"What {model.File.Graph.Name} sees"), new Tabular(Facts(model, layout)), pictures.Definitions(), .. sections,
        ], s_parts);
    }

    /// <summary>Whether a file is such a page, which another may replace.</summary>
    public static bool IsOne(string path)
    {
        using StreamReader reader = new(path);
        char[] start = new char[2048];
        int count = reader.ReadBlock(start, 0, start.Length);
        return new string(start, 0, count).Contains(s_parts.Mark, StringComparison.Ordinal);
    }

    private static TextTable Facts(EvitModel model, NetworkLayout layout)
    {
        var table = new TextTable(null, "", "");
        table.Add("model", $"{model.File.Graph.Name}, {Quantity.Bytes(model.File.Bytes)}, {Quantity.Count(model.Classes)} classes");
        table.Add("SHA-256", model.File.Sha256);
        table.Add("input", $"{model.InputShape[1]} x {model.InputShape[2]} pixels");
        table.AddLines("stages", [.. layout.Stages.Select((s, i) => $"{i + 1}: {s.Grid} tokens of {s.Channels} channels, {Layers(layout, i)}")]);
        if (layout.Attention.Any(l => l.Stage == layout.Stages.Count))
        {
            table.Add("head", $"class attention, {Layers(layout, layout.Stages.Count)}");
        }

        return table;
    }

    private static string Layers(NetworkLayout layout, int stage) => layout.Attention.Count(l => l.Stage == stage) switch
    {
        0 => "no 1-bit attention",
        1 => "1 layer of 1-bit attention",
        int count => $"{count} layers of 1-bit attention",
    };

    private static Bullets Reading(AttentionFigure attention) => new(
    [
        "Everything on this page is computed from the packed file: the maps of occlusion and the accuracies by the kernels that run it anywhere, attention and patches by the reference interpreter, whose logits were the kernels' bit for bit on every photo.",
        "Occlusion says what the answer needs, not what the object is: covering one of two parts that say the same changes little, and the colour of the square can itself look like something.",
        "An attention bit says that a query's sum takes this key's value; how much that value matters downstream it does not say. Attention is no explanation by itself.",
        "Activation maximisation, pictures that are made to excite a channel, is left out: it follows the gradient of a channel to the pixels, a sign has none, and what a substitute for it finds excites the substitute and not the file. The images of a data set that activate a channel most are real.",
        .. attention.LeftOut > 0 ? new[] { $"{attention.LeftOut} layers of photos have no picture of their attention: a page holds {Quantity.Bytes(AttentionFigure.Budget)} of bits. Their numbers are in the tables; fewer photos have room for all." } : [],
    ]);

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"explain/{name}") ?? throw new InvalidOperationException($"{name} is missing in the program");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
