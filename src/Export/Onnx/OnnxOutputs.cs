namespace EdgeVit.Export.Onnx;

/// <summary>The outputs of a model that are numbers, and how many each has for an image.</summary>
internal sealed record OnnxOutputs(IReadOnlyList<OnnxValue> Values, IReadOnlyList<int> Widths)
{
    private long[][] Shapes { get; init; } = [];

    /// <summary>Runs the model on an image of noise and counts.</summary>
    /// <exception cref="OnnxModelException">None of its outputs is a tensor of numbers, or ONNX Runtime fails.</exception>
    public static OnnxOutputs Of(OnnxModel model, OnnxImageForm form)
    {
        OnnxValue[] values = Numbers(model);
        using OnnxRuns run = model.Prepare([form.Arrange(OnnxClassifier.Noise(0, 1, form, model))], form.Shape(1), [.. values.Select(static o => o.Name)]);
        float[][] probed = run.Outputs(0);
        return new OnnxOutputs(values, [.. probed.Select(p => p.Length / Math.Max(1, form.Batch ?? 1))]) { Shapes = run.Shapes(0) };
    }

    /// <summary>The outputs of numbers.</summary>
    /// <exception cref="OnnxModelException">There is none.</exception>
    public static OnnxValue[] Numbers(OnnxModel model)
    {
        OnnxValue[] values = [.. model.Outputs.Where(static o => o.IsNumbers)];
        OnnxOutputChoice.RequireNumbers(model, values);
        return values;
    }

    /// <summary>Makes sure that an output of a fixed number of images has a row for each: one of <c>[C, n]</c> or <c>[1, C]</c> would mix them.</summary>
    /// <exception cref="OnnxModelException">It has not.</exception>
    public void RequireRows(OnnxModel model, OnnxImageForm form, OnnxValue output)
    {
        if (form.Batch > 1 && Shapes[Values.ToList().IndexOf(output)] is var shape && shape.FirstOrDefault(static s => s != 1) != form.Batch)
        {
            throw new OnnxModelException($"{model.File.Name}: its output '{output.Name}' is [{string.Join(", ", shape)}] for {form.Batch} images, expected a row for each: [{form.Batch}, C]. Export it with the batch as first size of its output, or for one image.") { IsUsage = true };
        }
    }

    public int WidthOf(OnnxValue output) => Widths[Values.ToList().IndexOf(output)];
}
