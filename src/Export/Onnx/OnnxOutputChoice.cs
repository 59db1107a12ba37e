namespace EdgeVit.Export.Onnx;

/// <summary>Which output of a model are the classes; <paramref name="widths"/> are the numbers that each output of numbers has for an image.</summary>
internal sealed class OnnxOutputChoice(OnnxModel model, IReadOnlyList<OnnxValue> outputs, IReadOnlyList<int> widths)
{
    /// <summary>The output that is named, else the one that fits; of several the one called logits, else one without a softmax, else the first.</summary>
    /// <exception cref="OnnxModelException">There is none; the message lists what there is.</exception>
    public OnnxValue Of(OnnxClassifierWishes wishes, IReadOnlyList<string>? labels, List<string> notes)
    {
        if (wishes.Output is { } name)
        {
            return Named(name, wishes, labels);
        }

        OnnxValue[] fitting = [.. outputs.Where((o, i) => wishes.Fits(widths[i], labels) && (wishes.Timed is not null || !IsDecision(o)))];
        if (fitting.Where(o => Width(o) == wishes.Timed).ToArray() is { Length: > 0 } preferred)
        {
            fitting = preferred;
        }

        if (fitting.Length == 0)
        {
            throw new OnnxModelException($"{model.File.Name}: {Missing(wishes)}") { IsUsage = true };
        }

        if (wishes is { Classes: null, Timed: null } && fitting.Select(Width).Distinct().Count() > 1 && !fitting.Any(IsCalledLogits))
        {
            throw new OnnxModelException($"{model.File.Name}: several of its outputs may be the classes: {All()}. Name one with {OnnxClassifierWishes.OutputOption}.") { IsUsage = true };
        }

        OnnxValue chosen = fitting.FirstOrDefault(IsCalledLogits)
            ?? fitting.FirstOrDefault(o => !(model.File.Ending(o.Name) is var ending && (ending == "Sigmoid" || OnnxScoresForm.IsSoftmax(ending)))) ?? fitting[0];
        if (model.Outputs.Count > 1)
        {
            string others = string.Join(", ", model.Outputs.Where(o => o != chosen).Select(Described));
            notes.Add($"of its outputs '{chosen.Name}' is taken ({OnnxClassifierWishes.OutputOption} names another: {others})");
        }

        return chosen;
    }

    /// <summary>Makes sure that there is an output of numbers.</summary>
    /// <exception cref="OnnxModelException">There is none.</exception>
    public static void RequireNumbers(OnnxModel model, IReadOnlyList<OnnxValue> numbers)
    {
        if (numbers.Count == 0)
        {
            throw new OnnxModelException($"{model.File.Name}: none of its outputs is a tensor of numbers: {string.Join(", ", model.Outputs.Select(o => o.ToString()))}. {Remedy(model)}") { IsUsage = true };
        }
    }

    private OnnxValue Named(string name, OnnxClassifierWishes wishes, IReadOnlyList<string>? labels)
    {
        OnnxValue[] found = [.. model.Outputs.Where(o => o.Name == name)];
        if (found.Length == 0)
        {
            throw new OnnxModelException($"{model.File.Name}: {OnnxClassifierWishes.OutputOption} is '{name}', and its outputs are {All()}.") { IsUsage = true };
        }

        if (!found[0].IsNumbers)
        {
            throw new OnnxModelException($"{model.File.Name}: its output {found[0]} is no tensor of numbers. {Remedy(model)}") { IsUsage = true };
        }

        int width = Width(found[0]);
        return wishes.Fits(width, labels) ? found[0] : throw new OnnxModelException(
            $"{model.File.Name}: its output {found[0]} has {width} numbers for an image, the data {wishes}.{(outputs.Count > 1 ? $" Its outputs are {All()}." : "")}")
        { IsUsage = true };
    }

    private string Missing(OnnxClassifierWishes wishes)
    {
        if (outputs.Count == 1 && model.Outputs.Count == 1 && widths[0] > 1)
        {
            string sizes = outputs[0].Shape.Count > 2 && outputs[0].Shape.Skip(2).Any(s => s != 1) ? $"its output {outputs[0]} has {widths[0]} numbers for an image" : $"it has {widths[0]} classes";
            return $"{sizes}, the data {wishes}. Take a teacher of the same classes.";
        }

        string what = outputs.Count == 1 && widths[0] == 0 ? $"its output {outputs[0]} is empty" : $"none of its outputs has a number for each class: {All()}";
        return $"{what}; the data has {wishes}. {Remedy(model)}";
    }

    private string All() => string.Join(", ", model.Outputs.Select(Described));

    private string Described(OnnxValue output) => output.IsNumbers ? $"'{output.Name}' ({output.Kind}, {Width(output)} for an image)" : output.ToString();

    private int Width(OnnxValue output) => outputs.ToList().IndexOf(output) is >= 0 and var at ? widths[at] : 0;

    private static bool IsCalledLogits(OnnxValue output) => output.Name.Equals("logits", StringComparison.OrdinalIgnoreCase);

    /// <summary>A class's number in place of numbers for the classes.</summary>
    private bool IsDecision(OnnxValue output) => model.File.Ending(output.Name) is "ArgMax" or "ArgMin";

    private static string Remedy(OnnxModel model) =>
        model.Outputs.Any(o => model.File.Ending(o.Name) == "ZipMap")
            ? "Export it without ZipMap: in skl2onnx options={'zipmap': False}."
            : "Export it with its logits [n, classes] as output.";
}
