using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Export.Onnx;

/// <summary>Failures of ONNX Runtime in words of our own: what, where, and what to do. Its texts name places in its own sources.</summary>
internal static partial class OnnxFailure
{
    /// <summary>The operator set to export with, and the newest of all at the time of writing.</summary>
    private const int UsualOpset = 17, NewestOpset = 26;

    /// <summary>Why a model cannot be opened.</summary>
    internal static OnnxModelException Opening(OnnxFile file, OnnxRuntimeException e)
    {
        string library = $"this ONNX Runtime ({OnnxModel.RuntimeVersion})", text = e.Message;
        string newer = $"or use a newer library, named by {OnnxLibrary.Variable}";
        string why = text switch
        {
            _ when IrVersions().Match(text) is { Success: true } ir =>
                $"it is of IR version {file.IrVersion}, {library} knows up to {ir.Groups[1].Value}. Save it with an older one (in Python: model.ir_version = {ir.Groups[1].Value}), {newer}.",
            _ when Opsets().Match(text) is { Success: true, Groups: [_, { Value: not ("" or "ai.onnx") } domain, var known] } =>
                $"it asks for version {file.OpsetOf(domain.Value)} of the operators of {domain.Value}, {library} knows up to {known.Value}. Export it with that one, {newer}.",
            _ when Opsets().Match(text) is { Success: true } opset =>
                $"it is of operator set {file.Opset}, {library} knows up to {opset.Groups[2].Value}. Export it with opset_version={Math.Min(UsualOpset, int.Parse(opset.Groups[2].ValueSpan, System.Globalization.CultureInfo.InvariantCulture))}, {newer}.",
            _ when file.Opset < 1 => $"it {(file.Opset == 0 ? "names no operator set" : $"is of operator set {file.Opset}")}, expected one from 1 on. Export it again, with opset_version={UsualOpset}.",
            // Under its long name the standard domain is not compared with what is known.
            _ when Unknown().IsMatch(text) && file.Opset > NewestOpset => $"it is of operator set {file.Opset}, newer than {library} knows. Export it with opset_version={UsualOpset}, {newer}.",
            _ when Unknown().Match(text) is { Success: true } op =>
                $"it has the operator {(op.Groups[1].Success ? op.Groups[1] : op.Groups[2]).Value}, which {library} does not know. Export it with standard operators, {newer}.",
            _ when Unimplemented().Match(text) is { Success: true } op =>
                $"{library} has no implementation of {op.Groups[1].Value} (node '{op.Groups[2].Value}') for these types. Export it in float32 and with another operator set.",
            _ => $"{library} refuses it{At(file, text)}{Foreign(file)} ({Code(text)}). Check it with Python's onnx.checker.check_model, and export it again.",
        };
        return new OnnxModelException($"{file.Name}: {why}", e);
    }

    /// <summary>The newest version of the format that ONNX Runtime knows, where it refuses a model for its version; else null.</summary>
    internal static int? NewestIr(OnnxRuntimeException e) =>
        IrVersions().Match(e.Message) is { Success: true } ir ? int.Parse(ir.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>Why a model cannot be run.</summary>
    internal static OnnxModelException Running(OnnxFile file, OnnxValue input, IReadOnlyList<long> shape, OnnxRuntimeException e)
    {
        string sizes = $"[{string.Join(", ", shape)}]";
        return new OnnxModelException(
            Dimensions().Match(e.Message) is { Success: true } wrong
                ? $"{file.Name}: its input {input} does not take {sizes}: size {wrong.Groups[1].Value} must be {wrong.Groups[2].Value}. Export it for that size, or with a free one."
                : $"{file.Name}: it fails on an input '{input.Name}' of {sizes}{At(file, e.Message)} ({Code(e.Message)}). Give it images of the size that it was exported for (--image-size), or export it again.",
            e);
    }

    /// <summary>The node that a text is about, as the file calls it.</summary>
    private static string At(OnnxFile file, string text) =>
        Node().Match(text) is { Success: true } node && (node.Groups[1].Success ? node.Groups[1].Value : node.Groups[2].Value) is var name && file.TypeOf(name) is { } type
            ? $" at its node '{name}' ({type})" : "";

    private static string Foreign(OnnxFile file) =>
        file.ForeignDomains is { Count: > 0 } domains ? $", perhaps for operators of {string.Join(", ", domains)}" : "";

    private static string Code(string text) => ErrorCode().Match(text) is { Success: true } code ? code.Groups[1].Value : "no reason given";

    [GeneratedRegex(@"max supported IR version: (\d+)")]
    private static partial Regex IrVersions();

    [GeneratedRegex(@"support for domain (\S*) ?is till opset (\d+)")]
    private static partial Regex Opsets();

    [GeneratedRegex(@"([\w.:]+)\(-?\d+\) is not a registered function/op|No Op registered for (\w+)")]
    private static partial Regex Unknown();

    [GeneratedRegex(@"Could not find an implementation for ([\w.:]+)\(\d+\) node with name '([^']*)'")]
    private static partial Regex Unimplemented();

    [GeneratedRegex(@"index: (\d+) Got: \d+ Expected: (\d+)")]
    private static partial Regex Dimensions();

    [GeneratedRegex(@"Name:'([^']+)'|[Nn]ode[: ]?\s*\(([^)]+)\)")]
    private static partial Regex Node();

    [GeneratedRegex(@"^\[ErrorCode:(\w+)\]")]
    private static partial Regex ErrorCode();
}
