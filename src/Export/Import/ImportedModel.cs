using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Which images an import is proven on: normalised ones <c>[n, 3, H, W]</c>, or synthetic ones from this seed on.</summary>
internal sealed record CertificateOptions(int Count = 1, ulong Seed = 1, float[]? Given = null, string Data = "images")
{
    /// <summary>The images by number, normalised, each of shape <c>[3, H, W]</c>.</summary>
    public Func<int, float[]> Input(IReadOnlyList<int> shape)
    {
        int length = shape[0] * shape[1] * shape[2];
        return i => Given?[(i * length)..((i + 1) * length)] ?? SelfTest.Input(Seed + (ulong)i, shape);
    }
}

/// <summary>Packs an imported checkpoint and proves the packed file against a simulation of the checkpoint's own tensors.</summary>
internal static class ImportedModel
{
    /// <summary>On given images, 16-bit floats may change this share of the predictions: rounding flips signs, and on images that a network was made
    /// for few classes change by it. On noise, where logits mean nothing, the share is reported and not limited.</summary>
    private const double MostChangedPredictions = 0.05;

    /// <summary>Packs and certifies.</summary>
    /// <param name="imported">The checkpoint.</param>
    /// <param name="floats">How floats may be stored.</param>
    /// <param name="options">On which images; null for one synthetic image.</param>
    /// <returns>The file's bytes with the certificate in them. It may say that the check failed; such a file should not be used.</returns>
    /// <exception cref="ModelFormatException">The tensors do not fit the network, or the network gives logits that are not finite.</exception>
    public static CertifiedModel Pack(ImportedCheckpoint imported, FloatPolicy floats = FloatPolicy.Auto, CertificateOptions? options = null)
    {
        options ??= new CertificateOptions();
        ReferenceSimulator simulator = ReferenceSimulator.Of(imported.Network, imported.Tensors);
        string provenance = imported.Provenance();
        return CertifiedModel.Pack(
            imported.Lower, floats,
            model => EvitWriter.ToBytes(model, imported.Preprocess, imported.Labels, provenance),
            (file, values) => Certify(file, values, simulator, options, imported.Source));
    }

    private static ParityCertificate Certify(
        EvitFile file, IReadOnlyDictionary<string, FoldedValue> values, ReferenceSimulator simulator, CertificateOptions options, CheckpointSource source)
    {
        IReadOnlyList<int> shape = file.Graph.InputShape;
        using var check = new ParityCheck(file, values);
        check.AddImages(options.Count, options.Input(shape), simulator);
        var images = options.Given is null
            ? new CertificateImages(options.Count, "uniform noise", options.Seed) : new CertificateImages(options.Count, options.Data);
        ParityCertificate certificate = ParityCertificate.Of(
            "import", file, check.Report, "a simulation of the checkpoint's tensors in double precision", images, new CertificateSource(source.File, source.Sha256));
        int changed = check.Report.Images - check.Report.SameTop1;
        return options.Given is null || certificate.Floats == "f32" || changed <= Math.Max(1, MostChangedPredictions * check.Report.Images)
            ? certificate : certificate with { Passed = false, Faults = [$"16-bit floats change {changed} of {check.Report.Images} predictions"] };
    }
}
