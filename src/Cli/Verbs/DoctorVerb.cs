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
        IReadOnlyList<TemperatureReading> temperatures = new SysfsThermometer().Read();
        ThrottleState? throttle = ThrottleState.Read();
        string kernel = KernelSets.Name(KernelSets.Resolve(null));
        IReadOnlyList<Finding> findings = Findings.Of(board, clock, temperatures, throttle);

        JsonObject device = Machine.Json(board, clock);
        device["kernel_set"] = kernel;
        device["kernel_sets"] = new JsonArray([.. KernelSets.Available.Select(k => (JsonNode)KernelSets.Name(k))]);
        device["instructions"] = new JsonObject(InstructionSets.All.Select(i => KeyValuePair.Create(i.Key, (JsonNode?)i.Value)));
        device["temperatures"] = new JsonArray([.. temperatures.Select(t => (JsonNode)new JsonObject { ["sensor"] = t.Sensor, ["celsius"] = Quantity.Json(t.Celsius, 2) })]);
        device["throttle"] = throttle?.Bits;
        (bool trains, string training) = Training();
        var json = new JsonObject
        {
            ["device"] = device,
            ["training"] = new JsonObject { ["works"] = trains, ["text"] = training },
            ["findings"] = new JsonArray([.. findings.Select(f => (JsonNode)new JsonObject { ["level"] = f.Level, ["what"] = f.What, ["do"] = f.Command })]),
        };
        PrintMachine(printer, board, clock, temperatures, throttle, kernel, training);
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

    private static void PrintMachine(
        Printer printer, BoardInfo board, CpuClock clock, IReadOnlyList<TemperatureReading> temperatures, ThrottleState? throttle, string kernel, string training)
    {
        string features = board.Features.Count > 0 ? string.Join(' ', board.Features) : "none known";
        string heat = SysfsThermometer.OfProcessor(temperatures) is { } celsius ? $"{Quantity.Fixed(celsius, 1)} C" : "no sensor";
        printer.Data(new TextTable(null, "", "")
            .Add("board", $"{board.Model} ({board.Kind})")
            .Add("processor", $"{board.Cpu}, {board.Cores} cores, {board.Architecture}{(board.Is64BitProcess ? "" : ", 32-bit process")}")
            .Add("features", features)
            .Add("kernels", $"{kernel}  (of {string.Join(", ", KernelSets.Available.Select(KernelSets.Name))})")
            .Add("clock", $"{(clock.CurrentMHz is { } mhz ? $"{mhz:F0} MHz" : "unknown")}{(clock.MaximumMHz is { } most ? $" of {most:F0} MHz" : "")}, governor {clock.Governor ?? "unknown"}")
            .Add("temperature", heat)
            .Add("throttling", throttle is not { } t ? "no throttle bits on this machine" : t.Now ? string.Join(", ", t.CausesNow) : t.SinceBoot ? $"not now; since boot: {string.Join(", ", t.CausesSinceBoot)}" : "none")
            .Add("memory", board.MemoryBytes > 0 ? Quantity.Bytes(board.MemoryBytes) : "unknown")
            .Add("training", training).Add("system", $"{board.OperatingSystem}, Linux {board.Kernel}, .NET {Environment.Version}"));
    }

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
