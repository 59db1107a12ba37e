using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit export</c>: a model as a file for other tools, proven to compute the same.</summary>
internal sealed class ExportVerb : Verb
{
    private const int UsualImages = 2;

    private static readonly string[] s_otherKinds = [".evit", ".safetensors", ".pth", ".pt", ".tflite", ".json"];

    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly ChoiceOption _to = new("--to", "onnx") { Description = "The format: onnx (float operators).", DefaultValueFactory = _ => "onnx" };
    private readonly WholeOption<int> _opset = new("--opset", OnnxGraph.LeastOpset, OnnxGraph.MostOpset) { Description = "The version of the ONNX operators: as old as the runtime that shall load the file asks for.", DefaultValueFactory = _ => OnnxGraph.DefaultOpset };
    private readonly Option<string> _out = new("--out", "-o") { Description = "The file to write.", HelpName = "FILE", Required = true };
    private readonly ProofImages _images = new(UsualImages);
    private readonly Option<bool> _overwrite = Replacement.Option();

    public ExportVerb() : base(
        "export",
        "Writes a model as an ONNX graph of float operators, and proves in ONNX Runtime that it computes the same: every sign, and logits within 1e-5 times the largest of them (1e-5 where none is above 1; further where rounding alone moves them, which is said).",
        "export runs/demo --to onnx --out demo.onnx",
        "export model.evit --to onnx --out model.onnx --data photos/ --parity-images 20")
    {
        AddAll([_model, _to, _opset, _out, _overwrite, .. _images.Options]);
    }

    /// <summary>Refuses a name that promises another kind of file.</summary>
    private static void RequireName(string target)
    {
        if (s_otherKinds.Contains(Path.GetExtension(target).ToLowerInvariant()))
        {
            throw new UserException($"--out {target}: what is written is an ONNX file, and its name says another kind. Name it {Path.GetFileNameWithoutExtension(target)}.onnx.", ExitCode.Usage);
        }
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        string path = arguments.GetRequiredValue(_model);
        string target = arguments.GetRequiredValue(_out);
        int opset = arguments.GetRequiredValue(_opset);
        OutputPath.Check(target, ModelPath.Resolve(path), "the model");
        RequireName(target);
        Replacement.Check(_out.Name, target, arguments.GetValue(_overwrite));
        AtomicFile.Check(target, 1);
        EvitFile file = ModelPath.Read(path);
        printer.Say($"exporting {file.Graph.Name}, and comparing it in ONNX Runtime");
        OnnxProof.Exported exported = OnnxProof.Export(file, Path.GetFileName(path), _images.Read(arguments, file.Preprocess), opset);
        ParityCertificate certificate = exported.Certificate;
        if (certificate.Passed)
        {
            AtomicFile.Write(target, exported.Bytes);
        }

        printer.Object(new JsonObject
        {
            ["model"] = target,
            ["bytes"] = exported.Bytes.Length,
            ["format"] = "onnx",
            ["opset"] = opset,
            ["input"] = new JsonArray([-1, .. file.Graph.InputShape.Select(v => (JsonNode)v)]),
            ["source"] = new JsonObject { ["file"] = path, ["sha256"] = file.Sha256 },
            ["certificate"] = JsonNode.Parse(certificate.ToJson()),
        });
        if (!certificate.Passed)
        {
            printer.Error($"ONNX Runtime does not compute what the model does, so {target} is not written. Either its numbers leave what 32-bit floats can hold (sums of huge values that cancel), or this is a fault of the exporter; please report it with these lines:\n  {string.Join("\n  ", certificate.Lines())}");
            return ExitCode.CheckFailed;
        }
        Preprocess p = file.Preprocess;
        printer.Data(new TextTable(null, "", "")
            .Add("model", $"{target}  {Quantity.Bytes(exported.Bytes.Length)} (ONNX, opset {opset}, signs as floats)")
            .Add("input", $"{OnnxExport.InputName} [n, 3, {p.Height}, {p.Width}]: RGB in 0..1, minus mean {string.Join(", ", p.Mean)}, by std {string.Join(", ", p.Std)}")
            .Add("output", $"{OnnxExport.OutputName} [n, {file.Labels.Count}]").AddLines("certificate", certificate.Lines(printer.RichData)));
        return ExitCode.Ok;
    }
}
