namespace EdgeVit.Cli;

/// <summary>Temperature, clock, power and latency over the time of a result, and what of them was not measured.</summary>
internal static class SensorSection
{
    public static IEnumerable<ReportBlock> Of(BenchResult result)
    {
        List<ReportBlock> figures = [];
        List<string> missing = [];
        var table = new TextTable("What the sensors said", "quantity", ">threads", ">values", ">first", ">last", ">lowest", ">highest");
        Add("Latency (median), ms", [.. result.Threads.Select(t => (t.Threads, t.OverTime))]);
        Add("Temperature, C", Lines(result, s => s.Celsius));
        Add("Clock, MHz", Lines(result, s => s.MHz));
        Add("Power, W", Lines(result, s => s.Watts));

        yield return new Group(figures);
        if (table.Rows.Count > 0)
        {
            yield return new Tabular(table);
        }

        yield return new Bullets(
        [
            $"throttled: {(result.Throttled is { } throttled ? throttled ? "yes" : "no" : "not measured")}"
                + $"{Moments(result, "throttle bits set", s => s.Throttle > 0)}{Moments(result, "under-voltage", s => s.UnderVoltage == true)}",
            result.Power is { } power
                ? $"power of the {power.Scope} while measuring: mean {Quantity.Fixed(power.MeanWatts, 2)} W, "
                    + $"most {Quantity.Fixed(power.MostWatts, 2)} W ({power.Source}{(power.Estimate ? ", an estimate" : "")})"
                : "power: not measured",
            .. missing.Count > 0 ? [$"no values over time: {string.Join("; ", missing)}"] : Array.Empty<string>(),
            .. result.NotMeasured.Select(n => $"not measured: {n}"),
        ]);

        void Add(string name, IReadOnlyList<(int Threads, IReadOnlyList<(double Seconds, double Value)> Values)> series)
        {
            (int Threads, IReadOnlyList<(double Seconds, double Value)> Values)[] measured = [.. series.Where(s => s.Values.Count > 0)];
            if (measured.Length == 0)
            {
                missing.Add(name.Split(',')[0]);
                return;
            }

            figures.Add(new Figure(name, TimeChart.ToSvg(name, [.. measured.Select(s => new TimeLine(BenchReport.Threaded(s.Threads), s.Values))]), ""));
            foreach ((int threads, IReadOnlyList<(double Seconds, double Value)> values) in measured)
            {
                table.Add(name, Quantity.Count(threads), Quantity.Count(values.Count), Short(values[0].Value), Short(values[^1].Value),
                    Short(values.Min(v => v.Value)), Short(values.Max(v => v.Value)));
            }
        }
    }

    private static IReadOnlyList<(int Threads, IReadOnlyList<(double Seconds, double Value)> Values)> Lines(BenchResult result, Func<SensorSample, double?> quantity) =>
    [
        .. result.Series.GroupBy(s => s.Threads).Select(g => (g.Key,
            (IReadOnlyList<(double, double)>)[.. g.Where(s => quantity(s) is not null).Select(s => (s.Seconds, quantity(s)!.Value))
                .OrderBy(v => v.Seconds)])),
    ];

    private static string Moments(BenchResult result, string what, Func<SensorSample, bool> holds)
    {
        int count = result.Series.Count(holds);
        return count == 0 ? "" : $", {what} in {count} of {result.Series.Count} samples";
    }

    private static string Short(double value) =>
        Math.Abs(value) >= 1000 ? Quantity.Fixed(value, 0) : value < 0 ? Quantity.Fixed(value, 1) : Quantity.Milliseconds(value);
}
