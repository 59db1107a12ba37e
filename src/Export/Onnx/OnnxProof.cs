using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Exports models to ONNX and proves what it exports: ONNX Runtime computes every value of the graph, each is compared with the one that the
/// packed model computes from the same inputs, and the logits of the file as it is written with those of the runtime.</summary>
internal static class OnnxProof
{
    /// <summary>Logits may differ by this, times max(1, largest logit).</summary>
    public const double LogitTolerance = 1e-5;

    /// <summary>An ONNX file and its certificate, which also stands in the file's metadata (<c>edgevit.certificate</c>) and may say that the check
    /// failed.</summary>
    public sealed record Exported(byte[] Bytes, ParityCertificate Certificate);

    /// <summary>Exports and proves; <paramref name="name"/> is the model file's name, without folders, <paramref name="opset"/> from
    /// <see cref="OnnxGraph.LeastOpset"/> to <see cref="OnnxGraph.MostOpset"/>.</summary>
    /// <exception cref="NotSupportedException">The model has an op that has no translation.</exception>
    public static Exported Export(EvitFile file, string name, CertificateOptions options, int opset = OnnxGraph.DefaultOpset)
    {
        using var check = new ParityCheck(file, logitTolerance: LogitTolerance, sameFloats: true);
        using (var simulator = new Simulator(file, opset))
        {
            check.AddImages(options.Count, options.Input(file.Graph.InputShape), simulator);
        }

        ParityCertificate certificate = ParityCertificate.Of(
            "export", file, check.Report, $"ONNX Runtime {OnnxModel.RuntimeVersion}",
            options.Given is null ? new CertificateImages(options.Count, "uniform noise", options.Seed) : new CertificateImages(options.Count, options.Data),
            new CertificateSource(name, file.Sha256));
        return new Exported(OnnxExport.Write(file, opset, certificate: certificate.ToJson()), certificate);
    }

    /// <summary>The exported graph in ONNX Runtime: once as it is written, for the logits, and once with every value as output.</summary>
    private sealed class Simulator(EvitFile file, int opset) : ISimulator, IDisposable
    {
        private readonly OnnxModel _written = OnnxModel.Load(OnnxExport.Write(file, opset));
        private readonly OnnxModel _open = OnnxModel.Load(OnnxExport.Write(file, opset, everyValue: true));
        private readonly long[] _shape = [1, .. file.Graph.InputShape.Select(v => (long)v)];
        private readonly Dictionary<string, float[]> _values = new(StringComparer.Ordinal);
        private float[] _image = [];

        public void Start(ReadOnlySpan<float> image)
        {
            _image = image.ToArray();
            _values.Clear();
        }

        public bool TryGet(string name, out float[] values)
        {
            if (_values.Count == 0)
            {
                string[] names = [.. _open.Outputs.Select(o => o.Name)];
                foreach ((string output, float[] computed) in names.Zip(_open.Run(_image, _shape, names)))
                {
                    _values[output] = computed;
                }
            }
            return _values.TryGetValue(name == file.Graph.OutputName ? OnnxExport.OutputName : name, out values!);
        }

        public float[] Logits() => _written.Run(_image, _shape, OnnxExport.OutputName)[0];

        public void Clear() => _values.Clear();

        public void Dispose()
        {
            _written.Dispose();
            _open.Dispose();
        }
    }
}
