using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>A fault in any node of any network fails the certificate, which names the node, token, channel and image. The simulator is the reference
/// interpreter of the sound file.</summary>
public class ParityFaultTests
{
    private static readonly StageConfig[] s_stages = [new(1, 32, 64, 1, 2), new(1, 64, 64, 2, 1)];

    private static readonly Dictionary<string, Func<LoweredModel>> s_networks = new()
    {
        ["pools"] = () => Student(c => c),
        ["shifts, locality, three levels"] = () => Student(c => c with { Branches = BranchKind.Shift, Locality = true, AttentionLevels = 3 }),
        ["class attention, stem"] = () => Student(c => c with { ClassAttention = 1, StemWidth = 5, ShiftedPatches = true }),
        ["convolutions"] = () => Student(c => c with { Stages = [s_stages[0] with { Mixer = MixerKind.Conv3, Reduction = 1, Dilation = 2 }, s_stages[1]] }),
        ["mixers by turns"] = () => Student(c => c with
        {
            Stages = [new(3, 32, 64, 1, 2) { Mixer = MixerCycle.Of([MixerKind.Depthwise, MixerKind.Pool, MixerKind.Attention]), Projection = ProjectionKind.Depthwise, Ffn = FfnKind.Local }, s_stages[1]],
        }),
        ["gates"] = () => Student(c => c with
        {
            Stages = [s_stages[0] with { Mixer = MixerKind.Conv3, Reduction = 1, Gate = GateKind.Channel }, s_stages[1] with { Mixer = MixerKind.Depthwise, Heads = 1, Gate = GateKind.Channel }],
        }),
        ["attention from stage to stage"] = () => Student(c => c with { Down = DownKind.Attention }),
        ["depthwise"] = () => Student(c => c with { Down = DownKind.Depthwise, PatchSize = 2, Stem = [new StemLayer(3, 1, 4), new StemLayer(3, 2, Depthwise: true)] }),
        ["windows, bias, zero points"] = () => Student(c => c with
        {
            Stages = [new(2, 32, 64, 1, 1) { WindowSide = 2, Shift = 1, Bias = BiasKind.Relative }, s_stages[1]],
            AttentionLevels = 3,
            ZeroPoint = true,
        }),
        ["float down-sampling"] = () => Student(c => c with { Down = DownKind.Float, Branches = BranchKind.None }),
        ["class token, layer norms"] = () => Student(c => c with
        {
            Stages = [new StageConfig(1, 64, 64, 2, 1)],
            ClassToken = true,
            LayerNorm = true,
            EmbeddingNorm = false,
            Branches = BranchKind.None,
        }),
        ["float transformer"] = () =>
        {
            var config = new FloatViTConfig("vit", ImageSize: 16, PatchSize: 4, Width: 48, FfnWidth: 96, Depth: 1, Heads: 2, Classes: 4);
            Dictionary<string, FloatTensor> tensors = FloatViTTests.Tensors(config, ViTNames.Timm, seed: 3);
            return Lowering.Lower(NetworkRecogniser.Recognise(tensors, new RecogniserOptions(HeadSize: 24)), tensors);
        },
        ["not folded"] = () => Lowering.Lower(Pyramid(), RandomNetwork.Tensors(Pyramid(), 3)),
    };

    public static TheoryData<string> Networks => [.. s_networks.Keys];

    private static BinaryViTConfig Pyramid() => new("faults", ImageSize: 16, PatchSize: 4, s_stages, Classes: 4);

    [Theory]
    [MemberData(nameof(Networks))]
    public void AFaultInAnyNodeIsNamed(string network)
    {
        EvitFile file = Pack(s_networks[network]());
        var sound = new Interpreted(file);
        float[] image = sound.Image;
        Assert.True(Check(file, image, sound).Passed);
        var random = new Random(11);
        foreach (GraphNode node in file.Graph.Nodes)
        {
            float[] values = sound.Values[node.Output];
            int at = random.Next(values.Length), channels = file.Shapes[node.Output].Channels;
            float was = values[at];
            values[at] = file.Shapes[node.Output].Kind == ValueKind.Bits ? -was : was + Math.Max(1, values.Max(Math.Abs) / 2);
            if (node.Op == Op.ShiftSign && IsTie(file, node, sound, at))
            {
                values[at] = was;
                continue;
            }

            ParityReport report = Check(file, image, sound);
            values[at] = was;
            Assert.False(report.Passed, node.Name);
            Assert.True(report.Mismatches > 0, node.Name);
            Assert.StartsWith($"{node.Name}: token {at / channels} channel {at % channels}: ", report.Faults[0], StringComparison.Ordinal);
            Assert.EndsWith("(image 0)", report.Faults[0], StringComparison.Ordinal);
        }
    }

    /// <summary>Not a value but a stored number is wrong: the node that reads it is named.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void AFaultInAnyTensorIsNamed(string network)
    {
        LoweredModel lowered = s_networks[network]();
        EvitFile file = Pack(lowered);
        var sound = new Interpreted(file);
        (int seen, int unseen) = (0, 0);
        foreach (GraphNode node in file.Graph.Nodes)
        {
            foreach ((string role, string tensor) in node.Tensors.Where(t => t.Key is not "epsilon"))
            {
                EvitFile faulty = Pack(Alter(lowered, tensor, role));
                ParityReport report = Check(faulty, sound.Image, sound);
                if (report.Passed)
                {
                    // A scale of what is 0 on these images, for example.
                    Assert.Equal(sound.Values[node.Output], new Interpreted(faulty).Values[node.Output]);
                    unseen++;
                    continue;
                }

                string[] readers = [.. file.Graph.Nodes.Where(n => n.Tensors.Values.Contains(tensor)).Select(n => n.Name)];
                seen++;
                Assert.Contains(report.Faults, f => readers.Any(r => f.StartsWith($"{r}: token ", StringComparison.Ordinal)));
                Assert.All(report.Faults, f => Assert.Matches(@"^(image 0: .*)?\S+: token \d+ channel \d+: ", f));
            }
        }

        Assert.True(seen > 20 * unseen, $"{unseen} of {seen + unseen} faults are not seen");
    }

    /// <summary>Every op is in one of the networks.</summary>
    [Fact]
    public void TheNetworksHaveEveryOp()
    {
        HashSet<Op> found = [.. s_networks.Values.SelectMany(n => n().Graph.Nodes).Select(n => n.Op)];
        Assert.Empty(Enum.GetValues<Op>().Except(found));
    }

    private static LoweredModel Student(Func<BinaryViTConfig, BinaryViTConfig> change)
    {
        BinaryViTConfig config = change(Pyramid()).Validate();
        return FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, 3))).Model;
    }

    private static LoweredModel Alter(LoweredModel model, string name, string role)
    {
        StoredTensor tensor = model.Tensors[name];
        byte[] bytes = tensor.Bytes.ToArray();
        if (tensor.Type == StoredType.F32)
        {
            float[] values = TensorData.Floats(tensor);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = role is "shift" ? -values[i] + 3 : (values[i] * 1.5f) + 0.25f;
            }

            return model with { Tensors = new Dictionary<string, StoredTensor>(model.Tensors) { [name] = TensorData.Of(name, values, [.. tensor.Shape]) } };
        }

        if (role == "exp")
        {
            // Still ascending, but every match counts alike.
            long[] values = TensorData.Integers(tensor);
            Array.Fill(values, values[^1]);
            return model with { Tensors = new Dictionary<string, StoredTensor>(model.Tensors) { [name] = TensorData.Of(name, values, [.. tensor.Shape]) } };
        }

        if (role == "bias")
        {
            sbyte[] values = [.. TensorData.SmallIntegers(tensor).Select(v => (sbyte)(v > 0 ? v - 40 : v + 40))];
            return model with { Tensors = new Dictionary<string, StoredTensor>(model.Tensors) { [name] = TensorData.Of(name, values, [.. tensor.Shape]) } };
        }

        // The first bits of every row, which are weights and no padding.
        for (int i = 0; i < bytes.Length; i += sizeof(ulong))
        {
            bytes[i] ^= 0xF;
        }

        return model with { Tensors = new Dictionary<string, StoredTensor>(model.Tensors) { [name] = tensor with { Bytes = bytes } } };
    }

    private static bool IsTie(EvitFile file, GraphNode node, Interpreted sound, int at)
    {
        float[] shift = TensorData.Floats(file.Tensors[node.Tensors["shift"]]);
        float x = sound.Values[node.Inputs[0]][at];
        return Math.Abs(x + shift[at % shift.Length]) <= 1e-5 * Math.Max(1, Math.Abs(x));
    }

    private static ParityReport Check(EvitFile file, float[] image, Interpreted sound)
    {
        using var check = new ParityCheck(file);
        check.AddImage(image, sound, sound.Values[file.Graph.OutputName]);
        return check.Report;
    }

    private static EvitFile Pack(LoweredModel model) =>
        EvitFile.Parse(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(Pyramid()), RandomNetwork.Labels(Pyramid()), "{}"));

    /// <summary>The values of a file's graph for one image, as a simulator reports them.</summary>
    private sealed class Interpreted : ISimulatorTaps
    {
        public Interpreted(EvitFile file)
        {
            Image = RandomNetwork.Images(Pyramid(), 1, seed: 5);
            Values = new GraphInterpreter(file.Graph, file.Tensors).Run(Image).ToDictionary(v => v.Key, v => v.Value.Shape.Kind != ValueKind.Bits ? v.Value.Floats
                : [.. Enumerable.Range(0, (int)v.Value.Shape.Elements).Select(i => v.Value.Bit(i / v.Value.Shape.Channels, i % v.Value.Shape.Channels) ? 1f : -1)]);
        }

        public float[] Image { get; }

        public Dictionary<string, float[]> Values { get; }

        public bool TryGet(string name, out float[] values) => Values.TryGetValue(name, out values!);
    }
}
