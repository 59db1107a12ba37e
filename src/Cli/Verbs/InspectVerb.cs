using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit inspect</c>: what a model is made of, what it weighs and costs, and what of it is not 1-bit.</summary>
internal sealed class InspectVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder; or an ONNX file, to see what it can serve for." };
    private readonly Argument<string?> _other = new("other.evit") { Description = "A second model to compare with.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _layers = new("--layers") { Description = "One line per node instead of one per block." };

    private readonly Option<bool> _card = new("--card") { Description = "Print the model's card (Markdown) and nothing else." };

    public InspectVerb() : base(
        "inspect",
        "Shows layers, bits, bytes and operations of a model, and what of it is not 1-bit.",
        "inspect runs/demo/model.evit --layers",
        "inspect model.evit --card > card.md",
        "inspect old.evit new.evit")
    {
        AddAll(_model, _other, _layers, _card);
    }

    public override IReadOnlyList<Combination> Combinations =>
    [
        Combination.Excludes(_other, "is compared as a whole", _layers, _card),
        Combination.Excludes(_card, "prints the card and nothing else", _layers),
    ];

    protected override int Run(ParseResult arguments, Printer printer)
    {
        string path = arguments.GetRequiredValue(_model);
        if (OnnxSummary.Is(path))
        {
            if (new Symbol[] { _other, _layers, _card }.FirstOrDefault(s => arguments.GetResult(s) is { Tokens.Count: > 0 } or System.CommandLine.Parsing.OptionResult { Implicit: false }) is { } given)
            {
                throw new UserException($"{path} is an ONNX network, of which inspect says what it can serve for and no more; leave out {given.Name}.", ExitCode.Usage);
            }

            OnnxSummary.Print(path, printer);
            return ExitCode.Ok;
        }

        var summary = new ModelSummary(ModelPath.Read(path));
        if (arguments.GetValue(_card))
        {
            string card = ModelCard.Write(summary.File, Path.GetFileName(path));
            printer.Object(new JsonObject { ["card"] = card });
            printer.Data(card.TrimEnd('\n'));
            return ExitCode.Ok;
        }
        if (arguments.GetValue(_other) is { } other)
        {
            var second = new ModelSummary(ModelPath.Read(other));
            printer.Object(new JsonObject { ["a"] = Json(path, summary, layers: false), ["b"] = Json(other, second, layers: false), ["differing_tensors"] = DifferingTensors(summary.File, second.File) });
            printer.Data(Comparison(path, summary, other, second));
            return ExitCode.Ok;
        }

        bool layers = arguments.GetValue(_layers);
        printer.Object(Json(path, summary, layers: true));
        if (printer.Json)
        {
            return ExitCode.Ok;
        }

        PrintHead(printer, path, summary);
        printer.Data(LayerTable(layers ? summary.Nodes() : summary.Modules()));
        printer.Data();
        printer.Data(NotBinaryTable(summary));
        return ExitCode.Ok;
    }

    private static void PrintHead(Printer printer, string path, ModelSummary s)
    {
        EvitFile file = s.File;
        Preprocess p = file.Preprocess;
        printer.Data(new TextTable(null, "", "")
            .Add("model", $"{file.Graph.Name}  ({path})")
            .Add("size", $"{Quantity.Bytes(file.Bytes)}; the same parameters as fp32 {Quantity.Bytes(s.Fp32Bytes)}, {Quantity.Fixed((double)s.Fp32Bytes / file.Bytes, 1)} times as much")
            .Add("parameters", $"{printer.Count(s.BinaryWeights)} of 1 bit ({Quantity.Bytes(s.BinaryBytes)}), {printer.Count(s.FloatParameters)} floats and tables ({Quantity.Bytes(s.FloatBytes)})")
            .Add("operations", $"{Quantity.Operations(s.BinaryMacs)} binary and {Quantity.Operations(s.FloatMacs)} float multiply-adds per image, {Quantity.Percent(s.BinaryShare)} binary; {Quantity.Operations(s.ElementOps)} element-wise float operations")
            .Add("input", $"{p.Width}x{p.Height} RGB; shorter side to {p.ResizeShorterSide} ({p.Interpolation.ToString().ToLowerInvariant()}), centre crop")
            .Add("classes", $"{file.Labels.Count}: {string.Join(", ", file.Labels.Take(12))}{(file.Labels.Count > 12 ? ", ..." : "")}")
            .Add("kernels here", KernelSets.Name(KernelSets.Resolve(null)))
            .Add("floats", ParityCertificate.FloatsOf(file))
            .Add("self-test", file.SelfTest is null ? "none stored" : "stored; 'edgevit doctor' runs it")
            .Add("sha256", file.Sha256)
            .Add("provenance", Provenance(file))
            .AddLines("certificate", ParityCertificate.Read(file.Certificate)?.Lines(printer.RichData) ?? [file.Certificate is null ? "none stored" : "stored by another version of EdgeVit; --json prints it"]));
        printer.Data();
    }

    /// <summary>The provenance's plain entries; nested ones only with --json.</summary>
    private static string Provenance(EvitFile file)
    {
        string[] entries = [.. ProvenanceObject(file).Where(e => e.Value is JsonValue).Select(e => $"{e.Key}={e.Value}")];
        return entries.Length == 0 ? "none" : string.Join(", ", entries);
    }

    private static JsonObject ProvenanceObject(EvitFile file) => JsonNode.Parse(file.Provenance) as JsonObject ?? [];

    private static TextTable LayerTable(IReadOnlyList<LayerLine> lines)
    {
        var table = new TextTable(null, "layer", "kind", "output", "bits W/A", ">bytes", ">binary MACs", ">float MACs", ">element ops", "kernel here");
        foreach (LayerLine line in lines)
        {
            table.Add(line.Name, line.Kind, line.Shape, line.Bits, Quantity.Count(line.Bytes), Quantity.Operations(line.BinaryMacs), Quantity.Operations(line.FloatMacs), Quantity.Operations(line.ElementOps), line.Kernel);
        }

        return table.Add("total", "", "", "", Quantity.Count(lines.Sum(l => l.Bytes)), Quantity.Operations(lines.Sum(l => l.BinaryMacs)), Quantity.Operations(lines.Sum(l => l.FloatMacs)), Quantity.Operations(lines.Sum(l => l.ElementOps)), "");
    }

    private static TextTable NotBinaryTable(ModelSummary summary)
    {
        var table = new TextTable("What is not 1-bit", "op", ">nodes", ">float bytes", ">float MACs", ">element ops", "why");
        foreach (FloatPart part in summary.NotBinary())
        {
            table.Add(part.Kind, Quantity.Count(part.Nodes), Quantity.Count(part.Bytes), Quantity.Operations(part.FloatMacs), Quantity.Operations(part.ElementOps), part.Reason);
        }

        return table;
    }

    private static TextTable Comparison(string pathA, ModelSummary a, string pathB, ModelSummary b)
    {
        var table = new TextTable(null, "", $">{pathA}", $">{pathB}", ">ratio");
        table.Add("network", a.File.Graph.Name, b.File.Graph.Name);
        table.Add("classes", Quantity.Count(a.File.Labels.Count), Quantity.Count(b.File.Labels.Count));
        table.Add("input", $"{a.File.Preprocess.Width}x{a.File.Preprocess.Height}", $"{b.File.Preprocess.Width}x{b.File.Preprocess.Height}");
        void Row(string name, double x, double y, Func<double, string> format) =>
            table.Add(name, format(x), format(y), x > 0 ? $"{Quantity.Fixed(y / x, 2)}x" : "-");
        Row("file", a.File.Bytes, b.File.Bytes, Quantity.Bytes);
        Row("1-bit weights", a.BinaryWeights, b.BinaryWeights, Quantity.Count);
        Row("floats", a.FloatParameters, b.FloatParameters, Quantity.Count);
        Row("binary MACs", a.BinaryMacs, b.BinaryMacs, Quantity.Operations);
        Row("float MACs", a.FloatMacs, b.FloatMacs, Quantity.Operations);
        Row("element ops", a.ElementOps, b.ElementOps, Quantity.Operations);
        table.Add("floats stored as", ParityCertificate.FloatsOf(a.File), ParityCertificate.FloatsOf(b.File));
        table.Add("certificate", Verdict(a.File), Verdict(b.File));
        string[] differing = [.. a.File.Graph.Nodes.Select(n => n.Name).Except(b.File.Graph.Nodes.Select(n => n.Name)).Concat(
            b.File.Graph.Nodes.Select(n => n.Name).Except(a.File.Graph.Nodes.Select(n => n.Name)))];
        table.Add("nodes in one only", differing.Length == 0 ? "none" : $"{differing.Length}: {string.Join(", ", differing.Take(3))}{(differing.Length > 3 ? ", ..." : "")}");
        table.Add("tensors that differ", Quantity.Count(DifferingTensors(a.File, b.File)));
        return table.Add("same file", a.File.Sha256 == b.File.Sha256 ? "yes" : "no");
    }

    private static string Verdict(EvitFile file) => ParityCertificate.Read(file.Certificate) is { } certificate ? (certificate.Passed ? "passed" : "failed") : file.Certificate is null ? "none" : "of another version";

    /// <summary>Tensors that one file lacks or has in another type, shape or with other contents.</summary>
    private static int DifferingTensors(EvitFile a, EvitFile b) => a.Tensors.Keys.Union(b.Tensors.Keys).Count(name =>
        !a.Tensors.TryGetValue(name, out StoredTensor? x) || !b.Tensors.TryGetValue(name, out StoredTensor? y)
        || x.Type != y.Type || !x.Shape.SequenceEqual(y.Shape) || !x.Bytes.Span.SequenceEqual(y.Bytes.Span));

    private static JsonObject Json(string path, ModelSummary s, bool layers)
    {
        EvitFile file = s.File;
        var json = new JsonObject
        {
            ["model"] = new JsonObject { ["name"] = file.Graph.Name, ["file"] = path, ["bytes"] = file.Bytes, ["sha256"] = file.Sha256 },
            ["input"] = new JsonArray([.. file.Graph.InputShape.Select(v => (JsonNode)v)]),
            ["labels"] = new JsonArray([.. file.Labels.Select(v => (JsonNode)v)]),
            ["totals"] = new JsonObject
            {
                ["binary_weights"] = s.BinaryWeights,
                ["float_parameters"] = s.FloatParameters,
                ["binary_bytes"] = s.BinaryBytes,
                ["float_bytes"] = s.FloatBytes,
                ["fp32_bytes"] = s.Fp32Bytes,
                ["compression"] = Quantity.Json((double)s.Fp32Bytes / file.Bytes),
                ["binary_macs"] = s.BinaryMacs,
                ["float_macs"] = s.FloatMacs,
                ["element_ops"] = s.ElementOps,
                ["binary_share"] = Quantity.Json(s.BinaryShare, 6),
            },
            ["not_binary"] = new JsonArray([.. s.NotBinary().Select(p => (JsonNode)new JsonObject
            {
                ["op"] = p.Kind,
                ["nodes"] = p.Nodes,
                ["bytes"] = p.Bytes,
                ["float_macs"] = p.FloatMacs,
                ["element_ops"] = p.ElementOps,
                ["why"] = p.Reason,
            })]),
            ["preprocess"] = JsonNode.Parse(MetadataJson.WritePreprocess(file.Preprocess)),
            ["provenance"] = ProvenanceObject(file),
            ["certificate"] = file.Certificate is { } certificate ? JsonNode.Parse(certificate) : null,
            ["floats"] = ParityCertificate.FloatsOf(file),
            ["selftest"] = file.SelfTest is not null,
            ["kernel"] = KernelSets.Name(KernelSets.Resolve(null)),
        };
        if (layers)
        {
            json["layers"] = new JsonArray([.. s.Nodes().Select(l => (JsonNode)new JsonObject
            {
                ["name"] = l.Name,
                ["op"] = l.Kind,
                ["shape"] = l.Shape,
                ["bits"] = l.Bits,
                ["bytes"] = l.Bytes,
                ["binary_macs"] = l.BinaryMacs,
                ["float_macs"] = l.FloatMacs,
                ["element_ops"] = l.ElementOps,
                ["kernel"] = l.Kernel,
            })]);
        }
        return json;
    }
}
