using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>Where results lie among published networks.</summary>
internal static class AccuracySection
{
    public static IEnumerable<ReportBlock> Of(IReadOnlyList<BenchResult> results, IReadOnlyList<AccuracyResult> accuracies)
    {
        var own = new TextTable("Results of this page", ">no.", "model", "machine", ">threads", ">p50 ms", ">top-1", "measured on");
        List<NamedPoint> points = [];
        List<(string, double, string)> lines = [];
        for (int i = 0; i < results.Count; i++)
        {
            BenchResult result = results[i];
            ThreadLatency one = result.Threads.MinBy(t => t.Threads)!;
            AccuracyResult? accuracy = accuracies.FirstOrDefault(a => a.Sha256 == result.Sha256);
            string mark = $"R{Quantity.Count(i + 1)}", name = $"{mark} {result.Model} on {result.Device.Name}: {ReportDocument.Ms(one.P50)} ms";
            own.Add(Quantity.Count(i + 1), result.Model, result.Device.Name, Quantity.Count(one.Threads), ReportDocument.Ms(one.P50),
                accuracy is null ? "-" : $"{Quantity.Fixed(accuracy.Top1, 2)} %",
                accuracy is null ? "not measured" : $"{accuracy.Data}, {Quantity.Count(accuracy.Images)} images");
            if (accuracy is null)
            {
                lines.Add((mark, one.P50, $"{name}, accuracy not measured"));
            }
            else
            {
                points.Add(new NamedPoint(mark, one.P50, accuracy.Top1, $"{name}, {Quantity.Fixed(accuracy.Top1, 2)} % on {accuracy.Data}", "c2"));
            }
        }

        List<NamedPoint> anchors = [];
        if (results.Any(r => r.Device.Architecture is "x86_64"))
        {
            anchors.AddRange(Peers.X64.Append(Peers.BinaryViTSmall).Select((p, i) =>
                new NamedPoint(Quantity.Count(i + 1), p.Milliseconds, p.Top1,
                    $"{i + 1} {p.Name}: {Published(p.Milliseconds)} ms, {Quantity.Fixed(p.Top1, 1)} %",
                    i == Peers.X64.Count ? "c3" : "c1")));
        }

        anchors.AddRange(Peers.Boards.Where(p => results.Any(r => r.Device.Board.StartsWith(p.Board, StringComparison.Ordinal))).Select(p =>
            new NamedPoint($"{p.Name[0]}{p.Board[^1]}", p.Milliseconds, p.Top1,
                $"{p.Name} on {p.Board}: {Published(p.Milliseconds)} ms, {Quantity.Fixed(p.Top1, 1)} %", "c1")));

        yield return new Paragraph("A latency result holds no accuracy; 'edgevit validate --json' measures it, and --accuracy brings it here. "
            + "Top-1 on other data than ImageNet-1k cannot be set against the anchors, nor can the latency of a network for smaller images.");
        if (anchors.Count > 0)
        {
            const string caption = "Top-1 in percent over latency on one core";
            yield return new Figure(caption, ScatterChart.ToSvg(caption, [.. anchors, .. points], lines),
                "Numbers are the rows of the table below, M and S MobileNetV3-Large and ShuffleNetV2 x1 on a Raspberry Pi of that number; "
                + "R marks results of this page, a line where their accuracy was not measured. "
                + "Anchors of another machine than a result's show the order of networks only.");
        }
        else
        {
            yield return new Paragraph("No anchors were measured on a machine of this kind, so there is no drawing.");
        }

        yield return new Tabular(own);
        yield return new Tabular(X64());
        yield return new Paragraph($"Protocol: {Peers.X64Protocol}.");
        yield return new Tabular(Boards());
        yield return new Paragraph($"Protocol: {Peers.BoardProtocol}.");
    }

    private static TextTable X64()
    {
        var table = new TextTable("Published networks on an x64 core", ">no.", "network", ">top-1", ">ms", ">int8 ms", ">file MB", "published by");
        foreach (Peer peer in Peers.X64.Append(Peers.BinaryViTSmall))
        {
            table.Add(Quantity.Count(table.Rows.Count + 1), peer.Name, $"{Quantity.Fixed(peer.Top1, 1)} %", Published(peer.Milliseconds),
                Published(peer.Int8), Published(peer.Megabytes), peer.Source);
        }

        return table;
    }

    private static TextTable Boards()
    {
        var table = new TextTable("Published networks on a core of a board", "board", "network", ">top-1", ">ms");
        foreach (BoardPeer peer in Peers.Boards)
        {
            table.Add(peer.Board, peer.Name, $"{Quantity.Fixed(peer.Top1, 1)} %", Published(peer.Milliseconds));
        }

        return table;
    }

    // With the digits that were published.
    private static string Published(double? value) => value is { } number ? number.ToString("0.##", CultureInfo.InvariantCulture) : "-";
}
