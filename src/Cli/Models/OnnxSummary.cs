using System.Text.Json.Nodes;
using EdgeVit.Export.Onnx;

namespace EdgeVit.Cli;

/// <summary>What an ONNX file is, and what it can serve for.</summary>
internal static class OnnxSummary
{
    /// <summary>Whether a path names such a file.</summary>
    public static bool Is(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) && File.Exists(path);

    /// <summary>Prints it.</summary>
    /// <exception cref="OnnxModelException">It cannot be opened.</exception>
    public static void Print(string path, Printer printer)
    {
        using OnnxModel model = OnnxModel.Open(path);
        (string teacher, IReadOnlyList<string> notes) = AsTeacher(path);
        OnnxFile file = model.File;
        printer.Object(new JsonObject
        {
            ["file"] = path,
            ["bytes"] = new FileInfo(path).Length,
            ["format"] = "onnx",
            ["ir_version"] = file.IrVersion,
            ["opset"] = file.Opset,
            ["producer"] = file.Producer,
            ["nodes"] = file.Nodes,
            ["input"] = Json(model.Input),
            ["outputs"] = new JsonArray([.. model.Outputs.Select(o => (JsonNode)Json(o))]),
            ["teacher"] = teacher,
            ["notes"] = new JsonArray([.. notes.Select(n => (JsonNode)n)]),
        });
        printer.Data(new TextTable(null, "", "")
            .Add("file", $"{path}  {Quantity.Bytes(new FileInfo(path).Length)}, ONNX of IR version {file.IrVersion}, operator set {file.Opset}{(file.Producer.Length > 0 ? $", by {file.Producer}" : "")}")
            .Add("nodes", Quantity.Count(file.Nodes))
            .Add("input", model.Input.ToString())
            .AddLines(model.Outputs.Count == 1 ? "output" : "outputs", [.. model.Outputs.Select(o => $"{o}{(file.Ending(o.Name) is { Length: > 0 } last ? $", computed by {last}" : "")}")])
            .AddLines("as a teacher", [teacher, .. notes])
            .Add("for", $"convert --teacher {path}, or bench model.evit --against {path}; 'run' and the other verbs take .evit models"));
    }

    private static JsonObject Json(OnnxValue value) => new() { ["name"] = value.Name, ["type"] = value.Kind, ["shape"] = new JsonArray([.. value.Shape.Select(s => (JsonNode)s)]) };

    private static (string Text, IReadOnlyList<string> Notes) AsTeacher(string path)
    {
        const int AnySide = 32;
        try
        {
            using OnnxClassifier model = OnnxClassifier.Open(path, new OnnxClassifierWishes(AnySide, AnySide, null, AnyImages: true));
            return ($"{model.Width} classes, of images of {model.ImageWidth}x{model.Height} pixels", model.Notes);
        }
        catch (OnnxModelException e)
        {
            return (e.Message.StartsWith($"{path}: ", StringComparison.Ordinal) ? e.Message[(path.Length + 2)..] : e.Message, []);
        }
    }
}
