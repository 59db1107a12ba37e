using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A deployment from the first look at a board to the version that is in use. Everything is tried in a folder of its own before anything
/// that is in use changes; whatever goes wrong, that folder goes.</summary>
internal sealed class Deployment(DeployOptions options, SshSession ssh, Printer printer, CancellationToken token)
{
    // Besides the files: the archive's rounding to blocks, and room that a system wants to keep.
    private const long Spare = 16L << 20;

    private readonly LockOwner _owner = LockOwner.Here();
    private readonly Stopwatch _time = Stopwatch.StartNew();

    /// <summary>Does it all and returns what was done.</summary>
    /// <exception cref="UserException">Something went wrong; the board is as it was.</exception>
    public JsonObject Run(string modelPath, EvitModel model)
    {
        var board = new Board(ssh, options.Address, _owner);
        printer.Say($"{options.Address}: looking ...");
        BoardState state = board.Look(options.Folder, options.Service, options.ServicePort, token);
        BoardChecks.Demand(options.Address, BoardChecks.OfMachine(state));
        if (options.Service)
        {
            ServiceUnit.CheckFolder(state.Folder);
        }

        string rid = state.Rid!;
        printer.Say($"{options.Address}: {Join(state.Board, state.OperatingSystem, state.Machine, state.Libc, state.FreeBytes is { } free ? $"{Quantity.Bytes(free)} free" : "")}");
        string? library = options.Against.Count > 0 ? OnnxRuntimeFile.Find(rid) : null;
        using ToolPackage tool = ToolSource.Find(options.Tool, rid, printer, token);
        var payload = new Payload(tool, modelPath);
        var proof = new BoardProof(model);
        var carried = new Carried(payload, proof, library, options.Against);
        BoardChecks.Demand(options.Address, BoardChecks.OfSystem(state, new DeployNeeds(carried.Bytes + Spare, tool.Glibc, options.Service, options.ServicePort)));
        foreach (string hint in BoardChecks.Hints(state, options.Service))
        {
            printer.Say(hint);
        }

        var done = new JsonObject
        {
            ["host"] = options.Address.Target,
            ["board"] = state.Json(),
            ["folder"] = state.Folder,
            ["tool"] = new JsonObject { ["source"] = tool.Source, ["rid"] = rid, ["glibc"] = tool.Glibc?.ToString() },
            ["model"] = new JsonObject { ["path"] = modelPath, ["sha256"] = payload.ModelSha256 },
            ["version"] = payload.Version,
        };
        try
        {
            Install(board, state, model, payload, proof, carried, done);
        }
        catch (Exception)
        {
            ClearAway(board, state, payload.Version);
            throw;
        }
        done["seconds"] = Quantity.Json(_time.Elapsed.TotalSeconds, 1);
        return done;
    }

    private void Install(Board board, BoardState state, EvitModel model, Payload payload, BoardProof proof, Carried carried, JsonObject done)
    {
        bool sudo = options.Service && !state.IsRoot;
        (string place, bool have) = board.Begin(state, sudo, payload.Version, token);
        bool whole = !have || carried.Beside.Count > 0;
        printer.Say(whole ? $"sending {Quantity.Bytes(carried.Bytes)} ..." : $"version {payload.Version} is there already; it is proven again");
        board.Send(stream => carried.Write(stream, whole, sent => printer.Live($"{Quantity.Bytes(sent)} of {Quantity.Bytes(carried.Bytes)}")), token);
        board.Verify(whole ? $"{place}/payload" : $"{state.Folder}/versions/{payload.Version}", token);
        done["sent_bytes"] = whole ? carried.Bytes : 0;

        Understood(() => done["selftest"] = SelfTest(board));
        Understood(() => Prove(board, place, proof));
        done["proof"] = new JsonObject { ["images"] = BoardProof.Pictures, ["different"] = 0 };

        long? resident = null;
        Understood(() => resident = (long?)board.Tool(token, "bench", Payload.Model, "--cold", "--json", "--quiet").Json["memory"]?["rss_after_bytes"]);
        Understood(() => Measure(board, place, carried, done));
        if (carried.Beside.Count > 0)
        {
            board.Drop(carried.Beside.Select(f => f.Name), token);
        }

        long? memory = options.Service ? ServiceUnit.MemoryMax(resident, state.MemoryBytes) : null;
        string unit = options.Service ? ServiceUnit.Text(state.Folder, model.File.Graph.Name, options.ServicePort, [.. state.KnownGroups.Where(g => g == "video")], memory) : "";
        printer.Say(options.Service ? "switching, and starting the service ..." : "switching ...");
        IReadOnlyDictionary<string, string> activated = board.Activate(payload.Version, options.Service, options.ServicePort, unit, token);
        done["former"] = activated.GetValueOrDefault("former") is { Length: > 0 } former ? former : null;
        if (options.Service)
        {
            done["service"] = new JsonObject
            {
                ["unit"] = $"{ServiceUnit.Folder}/edgevit.service",
                ["port"] = options.ServicePort,
                ["memory_max_bytes"] = memory,
                ["health"] = activated.GetValueOrDefault("health"),
                ["analyzed"] = activated.ContainsKey("analyzed"),
            };
        }
    }

    private JsonObject SelfTest(Board board)
    {
        printer.Say("proving: self-test and twenty pictures ...");
        (JsonObject doctor, int code) = board.Tool(token, "doctor", Payload.Model, "--json", "--quiet");
        if (code != ExitCode.Ok || doctor["error"] is not null)
        {
            throw new UserException($"the model's self-test fails on {options.Address}: {(string?)doctor["error"] ?? "it computes other bits there"}. Nothing was installed.", ExitCode.CheckFailed);
        }

        if ((bool?)doctor["selftest"]?["present"] != true)
        {
            printer.Warn("the model has no self-test stored; the twenty pictures are the proof");
        }

        JsonObject test = doctor["selftest"]?.DeepClone().AsObject() ?? [];
        // Shown at the end, when a value of another kind can no longer be refused.
        _ = (bool?)test["passed"];
        return test;
    }

    private void Prove(Board board, string place, BoardProof proof)
    {
        JsonObject logits = Answer(board.Tool(token, "run", Payload.Model, "--tensor", $"{place}/proof/{BoardProof.Tensor}", "--json", "--quiet"));
        JsonObject labels = Answer(board.Tool(token, "run", Payload.Model, $"{place}/proof", "--json", "--quiet"));
        (int bits, int names) = (proof.DifferentLogits(logits), proof.DifferentLabels(labels));
        if (bits + names > 0)
        {
            throw new UserException(
                $"{options.Address} computes something else than this machine: of {BoardProof.Pictures} pictures {bits} have other logits and {names} other labels or probabilities. Nothing was installed; please report this with the output of 'edgevit doctor --json' of both.",
                ExitCode.CheckFailed);
        }
    }

    private void Measure(Board board, string place, Carried carried, JsonObject done)
    {
        if (options.Bench)
        {
            printer.Say("a quick bench there ...");
            JsonObject bench = Answer(board.Tool(token, "bench", Payload.Model, "--quick", "--json", "--quiet"));
            string path = BoardBench.PathFor(options.Out, options.Address, DateTimeOffset.Now);
            BoardBench.Save(path, bench);
            done["bench"] = new JsonObject { ["path"] = path, ["headline"] = BoardBench.Headline(bench), ["latency"] = bench["latency"]?.DeepClone(), ["valid"] = bench["valid"]?.DeepClone() };
        }

        if (carried.Onnx.Count > 0)
        {
            printer.Say("beside ONNX Runtime there ...");
            string[] against = [.. carried.Onnx.SelectMany(f => new[] { "--against", $"{place}/proof/{f}" })];
            JsonObject result = Answer(board.Tool(token, ["bench", Payload.Model, "--quick", .. against, "--json", "--quiet"]));
            string path = Path.ChangeExtension(BoardBench.PathFor(options.Out, options.Address, DateTimeOffset.Now), null) + "-against.json";
            BoardBench.Save(path, result);
            done["against"] = new JsonObject { ["path"] = path };
        }
    }

    // A tool that answers in another form is none of ours, or of another time.
    private void Understood(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw new UserException($"the tool on {options.Address} answers in another form than this command reads. Nothing was installed; name the tool of this version with --tool.", inner: e);
        }
    }

    private JsonObject Answer((JsonObject Json, int Code) answer) => answer.Json["error"] is { } error
        ? throw new UserException($"the tool on {options.Address} says: {(string?)error} Nothing was installed.") : answer.Json;

    // After anything that went wrong: what was sent goes, and what is in use is told where that is in doubt.
    private void ClearAway(Board board, BoardState state, string version)
    {
        try
        {
            string now = board.Abort(CancellationToken.None);
            string former = state.CurrentVersion ?? "";
            if (now.EndsWith(version, StringComparison.Ordinal) && former != version)
            {
                printer.Warn($"the board had switched already: version {version} is in use there; 'edgevit deploy {options.Address.Target} --remove' undoes it");
            }
        }
        catch (Exception e) when (e is UserException or OperationCanceledException or IOException)
        {
            printer.Warn($"what was sent could not be cleared away ({Failures.Describe(e).Message}); it lies in {state.Folder}/incoming.{_owner.Id}, is not in use, and goes with the next deployment or with --remove");
        }
    }

    private static string Join(params string[] parts) => string.Join(", ", parts.Where(p => p.Length > 0));
}
