using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit labels</c>: the class names of a model, a line each, for other programs.</summary>
internal sealed class LabelsVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };

    public LabelsVerb() : base("labels", "Prints the class names of a model, one on each line.", "labels runs/demo")
    {
        Add(_model);
        AddCommonOptions();
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        EvitFile file = ModelPath.Read(arguments.GetRequiredValue(_model));
        printer.Object(new JsonObject { ["labels"] = new JsonArray([.. file.Labels.Select(l => (JsonNode)l)]) });
        foreach (string label in file.Labels)
        {
            printer.Data(label);
        }

        return ExitCode.Ok;
    }
}
