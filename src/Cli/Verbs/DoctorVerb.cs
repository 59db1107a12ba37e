using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit doctor</c>: what this machine is, what could be better with one command for each, and whether a model computes here what
/// it computed where it was made.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly Argument<string?> _model = new("model.evit") { Description = "A model whose self-test is run, or a run folder.", Arity = ArgumentArity.ZeroOrOne };

    public DoctorVerb() : base(
        "doctor",
        "Looks at this machine and, with a model, checks that it computes the very same bits here.",
        "doctor",
        "doctor runs/demo/model.evit")
    {
        AddAll(_model);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        BoardInfo board = BoardDetector.Detect();
        CpuClock clock = CpuClock.Read();
        IReadOnlyList<Reading> readings = new BoardSensors().Read();
        var sample = new TelemetrySample(0, readings);
        IReadOnlyList<TemperatureReading> temperatures = sample.Temperatures;
        string kernel = KernelSets.Name(KernelSets.Resolve(null));
        IReadOnlyList<Finding> findings = Findings.Of(board, clock, temperatures, sample.Throttle, readings);

        JsonObject device = Machine.Json(board, clock);
        device["kernel_set"] = kernel;
        device["kernel_sets"] = new JsonArray([.. KernelSets.Available.Select(k => (JsonNode)KernelSets.Name(k))]);
        device["instructions"] = new JsonObject(InstructionSets.All.Select(i => KeyValuePair.Create(i.Key, (JsonNode?)i.Value)));
        device["temperatures"] = new JsonArray([.. temperatures.Select(t => (JsonNode)new JsonObject { ["sensor"] = t.Sensor, ["celsius"] = Quantity.Json(t.Celsius, 2) })]);
        device["throttle"] = sample.Throttle?.Bits;
        device["sensors"] = new JsonArray([.. readings.Select(r => (JsonNode)Machine.Json(r))]);
        (bool trains, string training) = Training();
        var json = new JsonObject
        {
            ["device"] = device,
            ["training"] = new JsonObject { ["works"] = trains, ["text"] = training },
            ["findings"] = new JsonArray([.. findings.Select(f => (JsonNode)new JsonObject { ["level"] = f.Level, ["what"] = f.What, ["do"] = f.Command })]),
        };
        PrintMachine(printer, board, clock, sample, kernel, training);
        PrintFindings(printer, findings);

        int code = ExitCode.Ok;
        if (arguments.GetValue(_model) is { } path)
        {
            code = Check(path, json, printer);
        }

        printer.Object(json);
        return code;
    }

#if TRAINING
    private static (bool Works, string Text) Training() => Cli.Training.TrainingLibrary.Describe();
#else
    private static (bool Works, string Text) Training() => (false, ConvertVerb.NoTraining);
#endif

    private static void PrintMachine(Printer printer, BoardInfo board, CpuClock clock, TelemetrySample sample, string kernel, string training)
    {
        string features = board.Features.Count > 0 ? string.Join(' ', board.Features) : "none known";
        string heat = sample.Celsius is { } celsius ? $"{Quantity.Fixed(celsius, 1)} C" : "no sensor";
        string power = sample.Power is { } total ? $"{Quantity.Fixed(total.Value!.Value, 2)} W ({total.Sensor})"
            : sample.ProcessorWatts is { } watts ? $"{Quantity.Fixed(watts, 2)} W (processor only)" : NotMeasured(sample, SensorKind.Power);
        printer.Data(new TextTable(null, "", "")
            .Add("board", $"{board.Model} ({board.Kind})")
            .Add("processor", $"{board.Cpu}, {board.Cores} cores, {board.Architecture}{(board.Is64BitProcess ? "" : ", 32-bit process")}")
            .Add("features", features)
            .Add("kernels", $"{kernel}  (of {string.Join(", ", KernelSets.Available.Select(KernelSets.Name))})")
            .Add("clock", $"{(clock.CurrentMHz is { } mhz ? $"{mhz:F0} MHz" : "unknown")}{(clock.MaximumMHz is { } most ? $" of {most:F0} MHz" : "")}, governor {clock.Governor ?? "unknown"}")
            .Add("temperature", heat)
            .Add("power", power)
            .Add("throttling", sample.Throttle is not { } t ? NotMeasured(sample, SensorKind.Throttle) : t.Now ? string.Join(", ", t.CausesNow) : t.SinceBoot ? $"not now; since boot: {string.Join(", ", t.CausesSinceBoot)}" : "none")
            .Add("memory", board.MemoryBytes > 0 ? Quantity.Bytes(board.MemoryBytes) : "unknown")
            .Add("training", training).Add("system", $"{board.OperatingSystem}, Linux {board.Kernel}, .NET {Environment.Version}"));
    }

    private static string NotMeasured(TelemetrySample sample, SensorKind kind) =>
        $"not measured: {sample.Readings.FirstOrDefault(r => r.Kind == kind && r.Missing is not null)?.Missing ?? "only parts of the board are"}";

    private static void PrintFindings(Printer printer, IReadOnlyList<Finding> findings)
    {
        printer.Data();
        foreach (Finding finding in findings)
        {
            printer.Data($"{finding.Level}: {finding.What}");
            if (finding.Command is not null)
            {
                printer.Data($"      {finding.Command}");
            }
        }
        if (findings.All(f => f.Level == Finding.Fine))
        {
            printer.Data("nothing to improve");
        }
    }

    private static int Check(string path, JsonObject json, Printer printer)
    {
        using EvitModel model = ModelPath.Open(path);
        var results = new JsonArray();
        bool passed = true;
        bool present = model.File.SelfTest is not null;
        foreach (KernelChoice choice in present ? KernelSets.Available : [])
        {
            SelfTestResult result = model.RunSelfTest(new SessionOptions { Kernel = choice });
            int different = result.Expected.Zip(result.Found).Count(p => BitConverter.SingleToUInt32Bits(p.First) != BitConverter.SingleToUInt32Bits(p.Second));
            passed &= result.Passed;
            results.Add((JsonNode)new JsonObject { ["kernel"] = KernelSets.Name(choice), ["passed"] = result.Passed, ["different_logits"] = different });
            printer.Data($"self-test with {KernelSets.Name(choice)}: {(result.Passed ? "the same bits" : $"{different} of {result.Expected.Count} logits differ")}");
        }
        json["model"] = new JsonObject { ["name"] = model.File.Graph.Name, ["sha256"] = model.File.Sha256, ["bytes"] = model.File.Bytes };
        json["selftest"] = new JsonObject { ["present"] = present, ["passed"] = present ? passed : null, ["kernels"] = results };
        if (!present)
        {
            printer.Data($"{path} has no self-test stored; nothing could be checked");
        }

        if (!passed)
        {
            printer.Warn($"check failed: {path} does not compute here what it computed where it was made. Do not use it on this machine; please report this with the output of 'edgevit doctor --json'.");
        }

        return passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }
}
