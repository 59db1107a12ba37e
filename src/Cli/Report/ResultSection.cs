namespace EdgeVit.Cli;

/// <summary>What a report says about one result.</summary>
internal static class ResultSection
{
    private const int StepsShown = 15;

    public static IEnumerable<ReportBlock> Of(BenchResult result) =>
    [
        new Verdict(result.Valid, result.Verdict, result.Reasons),
        new Group([Card(result), Measurement(result)]),
        new Heading(3, "Latency"),
        .. Latency(result),
        .. MeasuredSection.Sustained(result),
        .. MeasuredSection.Against(result),
        new Heading(3, "Steps by time"),
        .. Steps(result),
        new Heading(3, "Over time"),
        .. SensorSection.Of(result),
    ];

    private static Tabular Card(BenchResult result)
    {
        DeviceFacts device = result.Device;
        return new Tabular(new TextTable("Device", "", "")
            .Add("board", device.Board)
            .Add("kind", device.Kind)
            .Add("profile", device.Profile ?? "none")
            .Add("processor", $"{device.Cpu}, {Quantity.Count(device.Cores)} {(device.Cores == 1 ? "core" : "cores")}, {device.Architecture}")
            .Add("features", device.Features.Count == 0 ? "none reported" : string.Join(", ", device.Features))
            .Add("clock", Clock(device))
            .Add("governor", device.Governor ?? "unknown")
            .Add("power mode", device.PowerMode ?? "none")
            .Add("memory", Quantity.Bytes(device.Memory))
            .Add("system", $"{device.OperatingSystem}, kernel {device.Kernel}")
            .Add(".NET", device.DotNet));
    }

    private static string Clock(DeviceFacts device) => (device.MHz, device.MaxMHz) switch
    {
        ({ } now, { } most) => $"{Quantity.Fixed(now, 0)} of {Quantity.Fixed(most, 0)} MHz",
        ({ } now, null) => $"{Quantity.Fixed(now, 0)} MHz",
        (null, { } most) => $"not measured, at most {Quantity.Fixed(most, 0)} MHz",
        _ => "not measured",
    };

    private static Tabular Measurement(BenchResult result)
    {
        var table = new TextTable("Measurement", "", "");
        table.Add("file", Path.GetFileName(result.File))
            .Add("date", result.Date)
            .Add("edgevit", result.Version)
            .Add("model", $"{result.Model}, {Quantity.Bytes(result.ModelBytes)}")
            .Add("sha256", result.Sha256)
            .Add("kernels", result.Kernel)
            .Add("warm-up", $"{Quantity.Count(result.WarmUp)} runs")
            .Add("other programs", result.BackgroundLoad is { } load ? $"{Quantity.Percent(load)} of the processors" : "unknown");
        foreach ((string name, string value) in MeasuredSection.Energy(result))
        {
            table.Add(name, value);
        }

        foreach ((string name, double ms) in result.Times)
        {
            table.Add(name, $"{Quantity.Milliseconds(ms)} ms");
        }

        foreach ((string name, double bytes) in result.Memory)
        {
            table.Add($"memory, {name}", Quantity.Bytes(bytes));
        }

        return new Tabular(table);
    }

    private static IEnumerable<ReportBlock> Latency(BenchResult result)
    {
        var table = new TextTable(
            "Milliseconds for one image", ">threads", ">speed-up", ">runs", ">seconds", ">min", ">p50", ">p90", ">p99", ">max", ">mean", ">sd", ">images/s");
        foreach (ThreadLatency t in result.Threads)
        {
            table.Add(Quantity.Count(t.Threads), $"{Quantity.Fixed(result.Threads[0].P50 / t.P50, 2)}x", Quantity.Count(t.Count), Quantity.Fixed(t.Seconds, 1),
                Ms(t.Minimum), Ms(t.P50), Ms(t.P90), Ms(t.P99), Ms(t.Maximum), Ms(t.Mean), Ms(t.Deviation), Quantity.Fixed(t.PerSecond, 1));
        }

        yield return new Tabular(table);
        List<ReportBlock> figures = [.. result.Threads.Select(Distribution)];
        if (result.Threads.Count > 1)
        {
            figures.Add(new Figure("p50 by threads", BarChart.ToSvg(
                "p50 by threads", [.. result.Threads.Select(t => new NamedBar(Threads(t.Threads), t.P50, $"{Ms(t.P50)} ms"))]), ""));
        }

        yield return new Group(figures);
    }

    private static Figure Distribution(ThreadLatency t)
    {
        string caption = $"Distribution, {Threads(t.Threads)}: {Quantity.Count(t.Count)} runs";
        (string Name, double At)[] marks =
            [.. new[] { ("p50", t.P50), ("p90", t.P90 ?? double.NaN), ("p99", t.P99 ?? double.NaN) }.Where(m => !double.IsNaN(m.Item2))];
        return new Figure(caption, HistogramChart.ToSvg(caption, t.Histogram, marks),
            $"The last of the {t.Histogram.Count} bars, from {Ms(t.Histogram[^1].From)} ms, holds every longer run too: "
            + $"{Quantity.Count(t.Histogram[^1].Count)}, the longest {Ms(t.Maximum)} ms.");
    }

    private static IEnumerable<ReportBlock> Steps(BenchResult result)
    {
        if (result.Steps.Count == 0)
        {
            yield return new Paragraph("Not measured: 'edgevit bench --profile' times every step.");
            yield break;
        }

        StepShare[] slowest = [.. result.Steps.OrderByDescending(s => s.Milliseconds)], shown = slowest[..Math.Min(StepsShown, slowest.Length)];
        var table = new TextTable($"Slowest {shown.Length} of {slowest.Length} steps", "step", "kind", ">ms", ">share", ">cumulative");
        double cumulative = 0;
        foreach (StepShare step in shown)
        {
            cumulative += step.Share;
            table.Add(step.Name, StepProfile.Short(step.Kind), Ms(step.Milliseconds), Quantity.Percent(step.Share), Quantity.Percent(cumulative));
        }
        table.Add("all together", "", Ms(slowest.Sum(s => s.Milliseconds)), Quantity.Percent(slowest.Sum(s => s.Share)));

        (string Name, double Milliseconds, double Share)[] kinds =
        [
            .. slowest.GroupBy(s => s.Kind.Length == 0 ? s.Name : s.Kind.Split(' ')[0])
                .Select(g => (g.Key, g.Sum(s => s.Milliseconds), g.Sum(s => s.Share))).OrderByDescending(g => g.Item2),
        ];
        const string byStep = "Slowest steps", byKind = "By the operation that a step begins with";
        yield return new Group(
        [
            new Figure(byStep, BarChart.ToSvg(
                byStep, [.. shown.Select(s => new NamedBar(s.Name, s.Milliseconds, $"{Ms(s.Milliseconds)} ms, {Quantity.Percent(s.Share)}"))]), ""),
            new Figure(byKind, BarChart.ToSvg(
                byKind, [.. kinds.Select(k => new NamedBar(k.Name, k.Milliseconds, $"{Ms(k.Milliseconds)} ms, {Quantity.Percent(k.Share)}", "c2"))]),
                string.Join("; ", kinds.Select(k => $"{k.Name} {Quantity.Percent(k.Share)}"))),
        ]);
        yield return new Tabular(table);
    }

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{Quantity.Count(count)} threads";

    private static string Ms(double? value) => ReportDocument.Ms(value);
}
