using EdgeVit.Runtime;
using Xunit.Abstractions;

namespace EdgeVit.Export.Tests;

/// <summary>A network computed by the paper's own code, tie-free: every bit and every logit must come out again.</summary>
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

    [Fact]
    public void EveryBitAndLogitOfThePapersCode()
    {
        if (SharedFolder.Reference("tiny64") is not { } folder)
        {
            output.WriteLine("NOT RUN: no shared/reference/tiny64 on this machine (set EDGEVIT_SHARED to the folder that holds reference/).");
            return;
        }
        LoweredModel model = Lowering.Lower(Tiny64, NamedTensorsReader.ReadSafetensors(Path.Combine(folder, "model.safetensors")));
        IReadOnlyDictionary<string, FloatTensor> acts = NamedTensorsReader.ReadSafetensors(Path.Combine(folder, "acts.safetensors"));
        SafetensorsFile signs = SafetensorsFile.Parse(File.ReadAllBytes(Path.Combine(folder, "signs-image0.safetensors")));

        float[] images = acts["input"].Data;
        var interpreter = new GraphInterpreter(model.Graph, model.Tensors);
        IReadOnlyDictionary<string, Value> values = interpreter.Run(images.AsSpan(0, images.Length / 4));

        (long compared, long mismatched) = (0, 0);
        foreach (SafetensorsTensor site in signs.Tensors.Values)
        {
            bool[] bits = ValueName(site.Name) is { } name ? Bits(values[name]) : AttentionBits(model, values, site.Name[..^".prob".Length]);
            int row = bits.Length / (site.Bytes.Length / site.Shape[^1]);
            for (int i = 0; i < bits.Length; i++, compared++)
            {
                int packed = site.Bytes.Span[(i / row * site.Shape[^1]) + (i % row / 8)] >> (i % row % 8);
                mismatched += (packed & 1) != 0 != bits[i] ? 1 : 0;
            }
        }
        output.WriteLine($"{signs.Tensors.Count} sites, {compared} bits compared, {mismatched} mismatched");
        Assert.Equal(56, signs.Tensors.Count);
        Assert.Equal(0, mismatched);

        byte[] file = EvitWriter.ToBytes(model, RandomNetwork.Preprocess(Tiny64), RandomNetwork.Labels(Tiny64), "{}");
        using EvitModel loaded = EvitModel.Load(EvitFile.Parse(file));
        using Session session = loaded.CreateSession();
        var logits = new float[40];
        session.Run(images, logits);
        float worst = logits.Zip(acts["logits"].Data, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"session: largest logit difference {worst:E2} (largest logit {acts["logits"].Data.Max(Math.Abs):F3}), file {file.Length} bytes");
        Assert.True(worst <= 1e-5, $"largest logit difference {worst}");
        Assert.Equal(logits.Take(10), values[Lowering.OutputName].Floats);
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
