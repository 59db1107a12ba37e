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

    [Fact]
    public void EveryBitAndLogitOfThePapersCode()
    {
        if (SharedFolder.Reference("tiny64") is not { } folder)
        {
            output.WriteLine("NOT RUN: no shared/reference/tiny64 on this machine (set EDGEVIT_SHARED to the folder that holds reference/).");
            return;
        }
        using var model = new BinaryViT(Tiny64);
        ModelTensors.Load(model, NamedTensorsReader.ReadSafetensors(Path.Combine(folder, "model.safetensors")));
        model.eval();
        IReadOnlyDictionary<string, FloatTensor> acts = NamedTensorsReader.ReadSafetensors(Path.Combine(folder, "acts.safetensors"));
        SafetensorsFile signs = SafetensorsFile.Parse(File.ReadAllBytes(Path.Combine(folder, "signs-image0.safetensors")));

        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        Tensor images = torch.tensor(acts["input"].Data).view(4, 3, 64, 64);
        float[] logits = ModelTensors.ToArray(model.call(images));
        float worst = logits.Zip(acts["logits"].Data, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"largest logit difference {worst:E2}");
        Assert.True(worst <= 1e-5, $"largest logit difference {worst}");

        var taps = new RecordedTaps();
        model.Taps.Sink = taps;
        model.call(images.narrow(0, 0, 1));
        (long compared, long different) = (0, 0);
        foreach (SafetensorsTensor site in signs.Tensors.Values)
        {
            float[] values = taps.Values[ValueName(site.Name)];
            int row = values.Length / (site.Bytes.Length / site.Shape[^1]);
            for (int i = 0; i < values.Length; i++, compared++)
            {
                bool bit = ((site.Bytes.Span[(i / row * site.Shape[^1]) + (i % row / 8)] >> (i % row % 8)) & 1) != 0;
                different += bit != values[i] > 0 ? 1 : 0;
            }
        }
        output.WriteLine($"{signs.Tensors.Count} sites, {compared} bits compared, {different} different");
        Assert.Equal(56, signs.Tensors.Count);
        Assert.Equal(0, different);
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
                Assert.True(Math.Abs(tensors[name].Data[i] - tensor.Data[i]) <= 1e-6 * Math.Abs(tensor.Data[i]), name);
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
