using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>What each head does, over all photos of the page.</summary>
internal static class HeadsSection
{
    public static IEnumerable<ReportBlock> Of(NetworkLayout layout, IReadOnlyList<ExplainedPhoto> photos)
    {
        if (layout.FloatAttention > 0)
        {
            yield return new Paragraph($"{layout.FloatAttention} layers of this network attend in floats: they have no bits to draw, and their maps are left out.");
        }

        if (layout.OtherMixers.Count > 0 && layout.Attention.Count > 0)
        {
            yield return new Paragraph($"Attention is not the only way in which tokens see each other here: there are {string.Join(" and ", layout.OtherMixers)}, too.");
        }

        if (layout.Attention.Count == 0)
        {
            string others = layout.OtherMixers.Count > 0 ? $": its tokens see each other through {string.Join(" and ", layout.OtherMixers)}" : "";
            yield return new Paragraph($"This network has no layer of binary attention{others}.");
            yield break;
        }

        IReadOnlyList<HeadSummary> heads = Heads(layout, photos);
        string[] still =
        [
            .. new[] { HeadState.AllOn, HeadState.AllOff, HeadState.SameKeys }.Select(state => (State: state, Names: heads.Where(h => h.State == state).Select(h => h.Name).ToArray()))
                .Where(s => s.Names.Length > 0).Select(s => $"{Says(s.State)}: {string.Join(", ", s.Names)}"),
        ];
        yield return new Paragraph(still.Length == 0
            ? "No head does the same on every photo whatever the query: none is all on, all off or tied to fixed keys."
            : "Heads that do the same on every photo, whatever the query (layer and head):");
        yield return new Bullets(still);
        ChartScale layers = ChartScale.Linear(0, layout.Attention.Count + 1, Math.Min(layout.Attention.Count + 1, 8));
        const string distance = "Mean distance of a query to the keys it attends to, % of the side", share = "Keys that are on, %";
        yield return new Group(
        [
            new Figure(distance, PointChart.ToSvg(
                distance, Range(heads.Select(h => h.Distance)), "layer", layers, ChartScale.Linear(0, 100 * heads.Max(h => Math.Max(h.Distance ?? 0, h.Even ?? 0)), 4),
                new PointSeries(6, true, [.. heads.Where(h => h is { Head: 0, Even: not null }).Select(h => (h.Layer + 1.0, 100 * h.Even!.Value, $"layer {h.Layer + 1}, all keys: {Percent(h.Even)}"))]),
                new PointSeries(1, false, [.. heads.Where(h => h.Distance is not null).Select(h => (h.Layer + 1.0, 100 * h.Distance!.Value, $"{h.Name}: {Percent(h.Distance)}"))])),
                "A dot is a head. The line is what attending to all keys alike would give."),
            new Figure(share, PointChart.ToSvg(
                share, Range(heads.Select(h => (double?)h.Share)), "layer", layers, ChartScale.Linear(0, 100, 4),
                new PointSeries(2, false, [.. heads.Select(h => (h.Layer + 1.0, 100 * h.Share, $"{h.Name}: {Percent(h.Share)}"))])),
                "A dot is a head: of all pairs of query and key, those whose bit is 1."),
        ]);
        yield return new Tabular(Table(layout, heads));
    }

    /// <summary>A state in words.</summary>
    public static string Says(HeadState state) => state switch
    {
        HeadState.AllOn => "all on",
        HeadState.AllOff => "all off",
        HeadState.SameKeys => "the same keys for every query",
        _ => "",
    };

    private sealed record HeadSummary(int Layer, int Head, double Share, double? Distance, double? Even, HeadState State)
    {
        public string Name => $"{Quantity.Count(Layer + 1)}.{Quantity.Count(Head + 1)}";
    }

    private static IReadOnlyList<HeadSummary> Heads(NetworkLayout layout, IReadOnlyList<ExplainedPhoto> photos)
    {
        List<HeadSummary> heads = [];
        for (int layer = 0; layer < layout.Attention.Count; layer++)
        {
            HeadFacts[][] facts = [.. photos.Select(p => p.Image.Attention[layer].Heads().ToArray())];
            double? even = photos[0].Image.Attention[layer].EvenDistance();
            for (int head = 0; head < layout.Attention[layer].Heads; head++)
            {
                HeadFacts[] own = [.. facts.Select(f => f[head])];
                HeadState state = own.All(f => f.State == own[0].State) ? own[0].State : HeadState.Mixed;
                heads.Add(new HeadSummary(layer, head, own.Average(f => f.Share), own.Average(f => f.Distance), even, state));
            }
        }

        return heads;
    }

    private static TextTable Table(NetworkLayout layout, IReadOnlyList<HeadSummary> heads)
    {
        var table = new TextTable("Every head, mean over the photos", ">layer", "place", ">queries", ">keys", ">head", ">keys on", ">distance", ">of all keys", "note");
        foreach (HeadSummary head in heads)
        {
            AttentionLayer layer = layout.Attention[head.Layer];
            string note = Says(head.State) + (layer.Levels > 1 ? $" {layer.Levels} levels" : "") + (layer.MasksDiagonal ? " own token left out" : "")
                + (layer.WindowText.Length > 0 ? $" {layer.WindowText}" : "") + (layer.HasBias ? " bias" : "");
            table.Add(Quantity.Count(head.Layer + 1), AttentionFigure.Place(layer, layout.Stages.Count), layer.Queries.ToString(), layer.Keys.ToString(), Quantity.Count(head.Head + 1),
                Percent(head.Share), Percent(head.Distance), Percent(head.Even), note.Trim());
        }

        return table;
    }

    private static string Range(IEnumerable<double?> values) => values.Any(v => v is not null) ? $"From {Percent(values.Min())} to {Percent(values.Max())}; the values stand in the table below" : "No values";

    private static string Percent(double? share) => share is { } value ? Quantity.Percent(value) : "-";
}
