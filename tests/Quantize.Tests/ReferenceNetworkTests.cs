using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The simulator against a network computed by the paper's own code, tie-free: every bit and every logit must come out again.</summary>
public class ReferenceNetworkTests(ITestOutputHelper output)
{
    private static BinaryViTConfig Tiny64 { get; } = new(
        "tiny64",
        ImageSize: 64,
        PatchSize: 4,
        [
            new StageConfig(Depth: 1, Width: 32, FfnWidth: 256, Heads: 1, Reduction: 8),
            new StageConfig(Depth: 2, Width: 64, FfnWidth: 512, Heads: 2, Reduction: 4),
            new StageConfig(Depth: 1, Width: 128, FfnWidth: 512, Heads: 4, Reduction: 1),
            new StageConfig(Depth: 1, Width: 256, FfnWidth: 1024, Heads: 8, Reduction: 1),
        ],
        Classes: 10);

    /// <summary>The network as the paper's code saved it, where this machine has it, and as the repository carries it: of a binary weight its sign and its row's scale.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EveryBitAndLogitOfThePapersCode(bool carried)
    {
        (IReadOnlyDictionary<string, FloatTensor> weights, SafetensorsFile expected, Dictionary<string, SafetensorsTensor> signs) = carried ? Carried() : Shared();
        using var model = new BinaryViT(Tiny64);
        ModelTensors.Load(model, weights);
        model.eval();

        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        Tensor images = torch.tensor(expected.Tensors["input"].ToFloats()).view(4, 3, 64, 64);
        float[] logits = ModelTensors.ToArray(model.call(images));
        float[] right = expected.Tensors["logits"].ToFloats();
        Assert.Equal(40, right.Length);
        float worst = logits.Zip(right, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"largest logit difference {worst:E2}");
        Assert.True(worst <= 1e-5, $"largest logit difference {worst}");

        var taps = new RecordedTaps();
        model.Taps.Sink = taps;
        model.call(images.narrow(0, 0, 1));
        (long compared, long different) = (0, 0);
        foreach ((string name, SafetensorsTensor site) in signs)
        {
            float[] values = taps.Values[ValueName(name)];
            int row = values.Length / (site.Bytes.Length / site.Shape[^1]);
            for (int i = 0; i < values.Length; i++, compared++)
            {
                bool bit = ((site.Bytes.Span[(i / row * site.Shape[^1]) + (i % row / 8)] >> (i % row % 8)) & 1) != 0;
                different += bit != values[i] > 0 ? 1 : 0;
            }
        }
        output.WriteLine($"{signs.Count} sites, {compared} bits compared, {different} different");
        Assert.Equal(56, signs.Count);
        Assert.Equal(0, different);
    }

    /// <summary>What the repository carries is the network of the paper's code: the same floats, and of binary weights the same signs and scales.</summary>
    [Fact]
    public void TheCarriedNetworkIsTheReference()
    {
        (IReadOnlyDictionary<string, FloatTensor> full, SafetensorsFile acts, Dictionary<string, SafetensorsTensor> signs) = Shared();
        (IReadOnlyDictionary<string, FloatTensor> carried, SafetensorsFile expected, Dictionary<string, SafetensorsTensor> carriedSigns) = Carried();
        Assert.Equal(full.Keys.Order(), carried.Keys.Order());
        int binary = 0;
        foreach ((string name, FloatTensor tensor) in full)
        {
            Assert.Equal(tensor.Shape, carried[name].Shape);
            (float[] weights, float[] found) = (tensor.Data, carried[name].Data);
            if (found.AsSpan().SequenceEqual(weights))
            {
                continue;
            }

            binary++;
            int row = weights.Length / tensor.Shape[0];
            for (int r = 0; r < weights.Length; r += row)
            {
                ReadOnlySpan<float> w = weights.AsSpan(r, row), f = found.AsSpan(r, row);
                (double mean, double scale) = (0, 0);
                foreach (float v in w)
                {
                    (mean, scale) = (mean + v, scale + Math.Abs(v));
                }
                // Weights of convolutions are not centred.
                mean = tensor.Shape.Length == 2 ? mean / row : 0;
                for (int i = 0; i < row; i++)
                {
                    Assert.True(w[i] > mean == f[i] > 0, $"{name}: a sign of row {r / row}");
                    Assert.True(Math.Abs(Math.Abs(f[i]) - (scale / row)) <= 1e-6 * scale / row, $"{name}: the scale of row {r / row}");
                }
            }
        }
        Assert.Equal(36, binary);
        Assert.All((string[])["input", "logits"], name => Assert.Equal(acts.Tensors[name].ToFloats(), expected.Tensors[name].ToFloats()));
        Assert.Equal(signs.Keys.Order(), carriedSigns.Keys.Order());
        Assert.All(signs, site => Assert.True(site.Value.Bytes.Span.SequenceEqual(carriedSigns[site.Key].Bytes.Span), site.Key));
    }

    [Fact]
    public void TensorsKeepThePapersNames()
    {
        using var model = new BinaryViT(Tiny64);
        var manifest = new TensorManifest(Tiny64);
        IReadOnlyDictionary<string, FloatTensor> tensors = ModelTensors.Export(model);
        manifest.Check(tensors, "tiny64");
        // The paper has one clip per block, here each head has its own: 12 more.
        Assert.Equal(1_418_831 + 12, model.parameters().Sum(p => p.numel()));

        // What comes out goes in again.
        using var copy = new BinaryViT(Tiny64);
        ModelTensors.Load(copy, tensors);
        foreach ((string name, FloatTensor tensor) in ModelTensors.Export(copy))
        {
            for (int i = 0; i < tensor.Data.Length; i++)
            {
                Assert.True(Math.Abs(tensors[name].Data[i] - tensor.Data[i]) <= 1e-6 * Math.Abs(tensor.Data[i]), name);
            }
        }
    }

    [Fact]
    public void ForeignTensorsAreRefused()
    {
        using var model = new BinaryViT(Tiny64);
        Dictionary<string, FloatTensor> tensors = new(ModelTensors.Export(model));
        tensors.Remove("classifier.bias");
        tensors.Add("head.weight", new FloatTensor("head.weight", [1], [0]));
        var error = Assert.Throws<ModelFormatException>(() => ModelTensors.Load(model, tensors));
        Assert.Contains("missing: classifier.bias", error.Message, StringComparison.Ordinal);
        Assert.Contains("not of this network: head.weight", error.Message, StringComparison.Ordinal);
    }

    private static (IReadOnlyDictionary<string, FloatTensor> Weights, SafetensorsFile Values, Dictionary<string, SafetensorsTensor> Signs) Shared()
    {
        string? folder = SharedFolder.Reference("tiny64");
        Assert.SkipUnless(folder is not null, "no shared/reference/tiny64 on this machine (EDGEVIT_SHARED names the folder that holds reference/)");
        return (NamedTensorsReader.ReadSafetensors(Path.Combine(folder!, "model.safetensors")), Parse(Path.Combine(folder!, "acts.safetensors")),
            Parse(Path.Combine(folder!, "signs-image0.safetensors")).Tensors.ToDictionary());
    }

    /// <summary>A binary weight is carried as bits (1 for positive, the lowest first) and a scale for each row: scale times sign has that sign around the mean of its
    /// row, and that scale.</summary>
    private static (IReadOnlyDictionary<string, FloatTensor> Weights, SafetensorsFile Values, Dictionary<string, SafetensorsTensor> Signs) Carried()
    {
        const string signs = ".signs", scales = ".scale", site = "sign:";
        string folder = Path.Combine(AppContext.BaseDirectory, "Reference", "tiny64");
        SafetensorsFile network = Parse(Path.Combine(folder, "network.safetensors"));
        var weights = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        foreach ((string name, SafetensorsTensor tensor) in network.Tensors)
        {
            string weight = name[..^Math.Min(name.Length, signs.Length)];
            if (name.EndsWith(scales, StringComparison.Ordinal) && network.Tensors.ContainsKey(weight + signs))
            {
                continue;
            }

            if (!name.EndsWith(signs, StringComparison.Ordinal))
            {
                weights[name] = new FloatTensor(name, [.. tensor.Shape], tensor.ToFloats());
                continue;
            }
            (int rows, int columns) = (tensor.Shape[0], 8 * tensor.Shape[1]);
            float[] scale = network.Tensors[weight + scales].ToFloats();
            var values = new float[rows * columns];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = ((tensor.Bytes.Span[i / 8] >> (i % 8)) & 1) != 0 ? scale[i / columns] : -scale[i / columns];
            }

            int[] shape = weight.EndsWith("proj.weight", StringComparison.Ordinal) ? [rows, columns / 4, 2, 2] : [rows, columns];
            weights[weight] = new FloatTensor(weight, shape, values);
        }
        SafetensorsFile expected = Parse(Path.Combine(folder, "expected.safetensors"));
        return (weights, expected, expected.Tensors.Where(t => t.Key.StartsWith(site, StringComparison.Ordinal)).ToDictionary(t => t.Key[site.Length..], t => t.Value));
    }

    private static SafetensorsFile Parse(string path) => SafetensorsFile.Parse(File.ReadAllBytes(path));

    private static string ValueName(string site) => site[(site.LastIndexOf('.') + 1)..] switch
    {
        "q" => $"{site[..^1]}query.bits",
        "k" => $"{site[..^1]}key.bits",
        "v" => $"{site[..^1]}value.bits",
        "prob" => site,
        "dense" => $"{site[..^"dense".Length]}sign",
        "proj" => $"{site[..^"proj".Length]}sign",
        _ => $"{site}.sign",
    };
}
