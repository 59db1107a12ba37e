namespace EdgeVit.Cli;

/// <summary>Reads the JSON of <c>edgevit bench</c>, strictly: a report must not show what was not measured.</summary>
internal static class ResultReader
{
    private const int Schema = 1;
    internal const int MostThreads = 4096;

    // Results are rounded to six decimals.
    private const double Rounding = 2e-6;

    internal const string Remedy = "Make a result with 'edgevit bench MODEL --json > RESULT.json' and give that file";

    /// <exception cref="UserException">The file is no result, or one that is damaged or of another schema.</exception>
    public static BenchResult Read(string file) => Of(JsonPart.Read(file, $"{Remedy}."));

    /// <summary>Reads a result that has no file yet.</summary>
    public static BenchResult Parse(string json, string name) => Of(JsonPart.Parse(System.Text.Encoding.UTF8.GetBytes(json), name, $"{Remedy}."));

    private static BenchResult Of(JsonPart root)
    {
        if (!root.Has("schema"))
        {
            throw root.Wrong("a result of 'edgevit bench --json' with a schema and latencies", "another JSON object");
        }

        JsonPart schema = root["schema"];
        if (schema.Value.GetRawText() != "1")
        {
            throw (schema with { Remedy = $"{Remedy}, or use the version of edgevit that wrote this one." }).Wrong($"schema {Schema}");
        }

        if (root.Has("kind") && root.Text("kind") is var kind and not "latency")
        {
            throw root["kind"].Wrong("a result with latencies", kind is "cold" or "kernels" ? $"one of 'edgevit bench --{kind}'" : null);
        }

        JsonPart model = root.Object("model"), options = root.Object("options"), latency = root.Object("latency");
        IReadOnlyList<ThreadLatency> threads = [.. latency.List("by_threads").Select(Latency)];
        if (threads.Count == 0)
        {
            throw latency["by_threads"].Wrong("at least one thread count");
        }

        bool valid = root.Flag("valid");
        string[] reasons = [.. root.List("reasons").Select(r => r.Text())];
        if (valid != (reasons.Length == 0))
        {
            throw root["valid"].Wrong(valid ? "false, as there are reasons why not" : "true, as there is no reason why not");
        }

        return new BenchResult
        {
            File = root.File,
            Date = root.Text("date"),
            Version = root.Object("tool").OptionalText("version") ?? "unknown",
            Model = model.Text("name"),
            Sha256 = model.Text("sha256"),
            ModelBytes = model.Number("bytes"),
            Device = Device(root.Object("device")),
            Kernel = options.Text("kernel"),
            WarmUp = options.Number("warmup"),
            Measured = options.Text("measured"),
            Threads = threads,
            Times = Times(root),
            Memory = Memory(root.Object("memory")),
            Steps = [.. root.OptionalList("layers").Select(Step)],
            Series = root.Has("thermal") ? [.. root.Object("thermal").List("series").Select(Sample)] : [],
            Throttled = root.Has("thermal") ? root.Object("thermal").OptionalFlag("throttled") : null,
            NotMeasured = root.Has("thermal") ? NotMeasured(root.Object("thermal")) : [],
            Power = root.Has("power") ? Power(root.Object("power")) : null,
            BackgroundLoad = root.OptionalNumber("background_load"),
            Settings = MeasuredParts.Settings(root),
            Energy = MeasuredParts.Energy(root),
            Windows = MeasuredParts.Windows(root),
            Against = MeasuredParts.Against(root),
            Valid = valid,
            Indicative = root.Flag("indicative"),
            Reasons = reasons,
        };
    }

    private static DeviceFacts Device(JsonPart device) => new(
        device.Text("board"), device.Text("kind"), device.Text("cpu"), device.Number("cores"), device.Text("architecture"),
        [.. device.List("features").Select(f => f.Text())], device.OptionalText("governor"), device.OptionalNumber("mhz"), device.OptionalNumber("max_mhz"),
        device.Text("os"),
        device.Text("kernel"), device.Number("ram"), device.Text("dotnet"), device.OptionalText("profile"), device.OptionalText("power_mode"));

    private static ThreadLatency Latency(JsonPart part)
    {
        var latency = new ThreadLatency(
            part.Whole("threads", 1, MostThreads), part.Number("n"), part.Number("duration_s"), part.Number("p50"),
            part.OptionalNumber("p90"), part.OptionalNumber("p99"), part.Number("min"), part.Number("max"), part.Number("mean"), part.Number("sd"),
            part.Number("images_per_second"),
            [.. part.List("histogram").Select(b => Pair(b))], [.. part.OptionalList("over_time").Select(p => Pair(p))]);
        if (latency.P50 <= 0)
        {
            throw part["p50"].Wrong("a number above 0");
        }

        double before = latency.Minimum;
        foreach (string name in (string[])["p50", "p90", "p99", "max"])
        {
            double value = part.OptionalNumber(name) ?? before;
            before = value >= before - Rounding ? value : throw part[name].Wrong($"at least {Quantity.Fixed(before, 6)}, which is the percentile below");
        }

        double counted = latency.Histogram.Sum(b => b.Count);
        if (latency.Histogram.Count < 2 || counted != latency.Count)
        {
            throw part["histogram"].Wrong($"at least two buckets that hold {Quantity.Count(latency.Count)} runs together",
                $"{latency.Histogram.Count} that hold {Quantity.Count(counted)}");
        }

        Ascending(part["histogram"], latency.Histogram);
        return latency;
    }

    private static (double At, double Value) Pair(JsonPart part) =>
        part.Entries() is [var at, var value] ? (at.Number(), value.Number()) : throw part.Wrong("two numbers");

    private static void Ascending(JsonPart part, IReadOnlyList<(double At, double Value)> pairs)
    {
        for (int i = 1; i < pairs.Count; i++)
        {
            if (pairs[i].At < pairs[i - 1].At)
            {
                throw part.Entries()[i].Wrong($"ascending numbers, so at least {Quantity.Fixed(pairs[i - 1].At, 6)}");
            }
        }
    }

    private static IReadOnlyList<(string Name, double Milliseconds)> Times(JsonPart root)
    {
        JsonPart cold = root.Object("cold");
        List<(string, double)> times = [("load the model", cold.Number("load_ms")), ("first run after that", cold.Number("first_ms"))];
        if (root.Has("preprocess"))
        {
            JsonPart preprocess = root.Object("preprocess");
            string picture = preprocess.OptionalText("picture") is { } size ? $" ({size})" : "";
            (string, string)[] steps = [("decode_ms", "decode a picture"), ("resize_ms", "resize a picture"), ("normalise_ms", "normalise a picture")];
            foreach ((string key, string name) in steps)
            {
                if (preprocess.OptionalNumber(key) is { } ms)
                {
                    times.Add((name + picture, ms));
                }
            }
        }
        return times;
    }

    private static IReadOnlyList<(string Name, double Bytes)> Memory(JsonPart memory)
    {
        const string ending = "_bytes";
        return [.. memory.Value.EnumerateObject().Select(m => m.Name).Where(n => n.EndsWith(ending, StringComparison.Ordinal) && memory.Has(n))
            .Select(n => (n[..^ending.Length].Replace('_', ' '), memory.Number(n)))];
    }

    // Time that no step accounts for may be below zero by a rounding.
    private static StepShare Step(JsonPart part) =>
        new(part.Text("name"), part.Text("kind"), part["ms"].Number(negative: true), part["share"].Number(negative: true));

    private static SensorSample Sample(JsonPart part) => new(
        part.Whole("threads", 1, MostThreads), part.Number("t"), part.OptionalNumber("celsius", negative: true),
        part.OptionalNumber("mhz"), part.OptionalNumber("watts", negative: true), part.OptionalFlag("under_voltage"), part.OptionalNumber("throttle"));

    private static IReadOnlyList<string> NotMeasured(JsonPart thermal) =>
    [
        .. thermal.OptionalList("not_measured").Select(r => $"{r.Text("kind")}: {r.OptionalText("missing") ?? "not there"}"),
        .. thermal.OptionalList("sensor_problems").Select(p => $"{p.Text("sensor")}: {p.Text("reason")}"),
    ];

    private static PowerFacts Power(JsonPart power) =>
        new(power["mean_w"].Number(negative: true), power["most_w"].Number(negative: true), power.Text("source"), power.Text("scope"), power.Flag("estimate"));
}
