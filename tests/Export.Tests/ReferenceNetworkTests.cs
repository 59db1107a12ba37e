using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>Networks computed by the paper's own code, tie-free: every bit and every logit must come out again.</summary>
public class ReferenceNetworkTests(ITestOutputHelper output)
{
    internal static BinaryViTConfig Tiny64 { get; } = new BinaryViTConfig(
        "tiny64",
        ImageSize: 64,
        PatchSize: 4,
        [
            new StageConfig(Depth: 1, Width: 32, FfnWidth: 256, Heads: 1, Reduction: 8),
            new StageConfig(Depth: 2, Width: 64, FfnWidth: 512, Heads: 2, Reduction: 4),
            new StageConfig(Depth: 1, Width: 128, FfnWidth: 512, Heads: 4, Reduction: 1),
            new StageConfig(Depth: 1, Width: 256, FfnWidth: 1024, Heads: 8, Reduction: 1),
        ],
        Classes: 10).Validate();

    /// <summary>The two networks that are carried beside the tests, and the larger one where the machine has it: as saved by the training
    /// script, imported, and run by the interpreter and under every kernel set.</summary>
    [Theory]
    [InlineData("tinydeit-cls", 32, "ReActNet-DeiT (baseline, with a class token)", 20)]
    [InlineData("tinydeit-fp", 32, "float DeiT/ViT (Hugging Face names)", 0)]
    [InlineData("tiny64", null, "BinaryViT", 56)]
    public void EveryBitAndLogitOfThePapersCode(string network, int? headSize, string variant, int sites)
    {
        (string Checkpoint, SafetensorsFile Values, List<(string Site, SafetensorsTensor Bits)> Signs) files = Expected(network);
        ImportedCheckpoint imported = CheckpointImport.Open(files.Checkpoint, new ImportOptions(new RecogniserOptions(HeadSize: headSize)));
        Assert.Equal(variant, imported.Network.Variant);
        LoweredModel model = imported.Lower();
        float[] images = Floats(files.Values, "input");
        float[] logits = Floats(files.Values, "logits");
        int image = images.Length / 4;
        var interpreter = new GraphInterpreter(model.Graph, model.Tensors);
        IReadOnlyDictionary<string, Value>[] values = [.. Enumerable.Range(0, 4).Select(i => interpreter.Run(images.AsSpan(i * image, image)))];
        float[] found = [.. values.SelectMany(v => v[Lowering.OutputName].Floats)];
        float worst = found.Zip(logits, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"{network}: largest logit difference {worst:E2} (largest logit {logits.Max(Math.Abs):F3})");
        Assert.True(worst <= 1e-5, $"largest logit difference {worst}");
        CompareStages(files.Values, values);

        (long compared, long mismatched, int seen) = CompareSigns(files.Signs, model, values[0]);
        output.WriteLine($"{seen} sites, {compared} bits compared, {mismatched} mismatched");
        Assert.Equal((sites, 0), (seen, mismatched));

        byte[] file = EvitWriter.ToBytes(FoldedModel.Of(model).Model, imported.Preprocess, imported.Labels, imported.Provenance());
        using EvitModel loaded = EvitModel.Load(EvitFile.Parse(file));
        var runs = new GraphInterpreter(loaded.File.Graph, loaded.File.Tensors);
        float[] folded = [.. Enumerable.Range(0, 4).SelectMany(i => runs.Run(images.AsSpan(i * image, image))[Lowering.OutputName].Floats)];
        Assert.True(folded.Zip(logits, (a, b) => Math.Abs(a - b)).Max() <= 1e-5);
        foreach (KernelChoice kernel in KernelSets.Available)
        {
            using Session session = loaded.CreateSession(new SessionOptions { Kernel = kernel });
            var run = new float[logits.Length];
            session.RunNchw(images, run);
            Assert.Equal(folded, run);
        }
    }

    [Theory]
    [InlineData("tinydeit-cls")]
    [InlineData("tinydeit-fp")]
    public void TheCarriedNetworksAreTheReferences(string network) => Assert.Equal(
        File.ReadAllBytes(Path.Combine(SharedFolder.RequiredReference(network), "checkpoint.pth")), File.ReadAllBytes(Path.Combine(Carried(network), "checkpoint.pth")));

    private static string Carried(string network) => Path.Combine(AppContext.BaseDirectory, "Reference", network);

    /// <summary>Checkpoint, values and packed signs of a network: carried ones in one file, with signs under <c>sign:</c>.</summary>
    private static (string Checkpoint, SafetensorsFile Values, List<(string Site, SafetensorsTensor Bits)> Signs) Expected(string network)
    {
        const string Sign = "sign:";
        if (Directory.Exists(Carried(network)))
        {
            SafetensorsFile file = SafetensorsFile.Parse(File.ReadAllBytes(Path.Combine(Carried(network), "expected.safetensors")));
            return (Path.Combine(Carried(network), "checkpoint.pth"), file,
                [.. file.Tensors.Where(t => t.Key.StartsWith(Sign, StringComparison.Ordinal)).Select(t => (t.Key[Sign.Length..], t.Value))]);
        }
        string folder = SharedFolder.RequiredReference(network);
        SafetensorsFile signs = SafetensorsFile.Parse(File.ReadAllBytes(Path.Combine(folder, "signs-image0.safetensors")));
        return (Path.Combine(folder, "checkpoint.pth"), SafetensorsFile.Parse(File.ReadAllBytes(Path.Combine(folder, "acts.safetensors"))),
            [.. signs.Tensors.Select(t => (t.Key, t.Value))]);
    }

    private static float[] Floats(SafetensorsFile file, string name) => file.Tensors[name].ToFloats();

    /// <summary>Values of all four images that the graph and the reference have under one name.</summary>
    private void CompareStages(SafetensorsFile expected, IReadOnlyDictionary<string, Value>[] values)
    {
        int compared = 0;
        foreach ((string name, SafetensorsTensor tensor) in expected.Tensors)
        {
            if (tensor.Shape is not [4, _, _] || !values[0].TryGetValue(name, out Value? value) || value.Shape.Elements * 4 != tensor.Shape.Aggregate(1L, (a, b) => a * b))
            {
                continue;
            }

            float[] all = [.. values.SelectMany(v => v[name].Floats)];
            float[] right = tensor.ToFloats();
            double worst = all.Zip(right, (a, b) => Math.Abs(a - b)).Max() / Math.Max(1, right.Max(Math.Abs));
            Assert.True(worst <= 1e-5, $"{name}: {worst:E2}");
            compared++;
        }
        output.WriteLine($"{compared} stages compared");
        Assert.True(compared >= 3);
    }

    private static (long Compared, long Mismatched, int Sites) CompareSigns(
        List<(string Site, SafetensorsTensor Bits)> signs, LoweredModel model, IReadOnlyDictionary<string, Value> values)
    {
        (long compared, long mismatched) = (0, 0);
        foreach ((string name, SafetensorsTensor site) in signs)
        {
            bool[] bits = ValueName(name) is { } value ? Bits(values[value]) : AttentionBits(model, values, name[..^".prob".Length]);
            int row = bits.Length / (site.Bytes.Length / site.Shape[^1]);
            for (int i = 0; i < bits.Length; i++, compared++)
            {
                int packed = site.Bytes.Span[(i / row * site.Shape[^1]) + (i % row / 8)] >> (i % row % 8);
                mismatched += (packed & 1) != 0 != bits[i] ? 1 : 0;
            }
        }
        return (compared, mismatched, signs.Count);
    }

    /// <summary>The value that a binarisation site of the reference is, or null for attention bits, which are no value.</summary>
    private static string? ValueName(string site) => site[(site.LastIndexOf('.') + 1)..] switch
    {
        "q" => $"{site[..^1]}query.bits",
        "k" => $"{site[..^1]}key.bits",
        "v" => $"{site[..^1]}value.bits",
        "prob" => null,
        "dense" => $"{site[..^"dense".Length]}sign",
        "proj" => $"{site[..^"proj".Length]}sign",
        _ => $"{site}.sign",
    };

    private static bool[] Bits(Value value) =>
    [
        .. from token in Enumerable.Range(0, value.Shape.Tokens)
           from channel in Enumerable.Range(0, value.Shape.Channels)
           select value.Bit(token, channel),
    ];

    private static bool[] AttentionBits(LoweredModel model, IReadOnlyDictionary<string, Value> values, string attention)
    {
        GraphNode node = model.Graph.Nodes.Single(n => n.Name == $"{attention}.norm_context");
        long[] exp = TensorData.Integers(model.Tensors[node.Tensors["exp"]]);
        float[] clip = TensorData.Floats(model.Tensors[node.Tensors["clip"]]);
        Value query = values[$"{attention}.query.bits"];
        Value key = values[$"{attention}.key.bits"];
        int size = exp.Length - 1;
        var bits = new List<bool>();
        for (int head = 0; head < clip.Length; head++)
        {
            for (int t = 0; t < query.Shape.Tokens; t++)
            {
                long[] row =
                [
                    .. Enumerable.Range(0, key.Shape.Tokens).Select(j =>
                        exp[Enumerable.Range(head * size, size).Count(c => query.Bit(t, c) == key.Bit(j, c))]),
                ];
                bits.AddRange(row.Select(e => 2 * (double)e > clip[head] * (double)row.Sum()));
            }
        }
        return [.. bits];
    }
}
