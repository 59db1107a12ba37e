using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What each kind of step reaches at its best on this machine: the same kernels on one large shape, alone, in a network made for
/// that. Work per second: binary multiply-adds of products and attention, float operations of all else.</summary>
internal sealed class KernelCeilings
{
    private const int Rounds = 6;
    private const int Runs = 4;
    private const int Side = 28;
    private const int Channels = 512;
    private const int HeadSize = 64;

    private readonly Dictionary<string, double> _rates = new(StringComparer.Ordinal);

    private KernelCeilings() { }

    public static KernelCeilings Measure(SessionOptions options)
    {
        var ceilings = new KernelCeilings();
        using EvitModel model = EvitModel.Load(Network());
        using Session session = model.CreateSession(options);
        for (int round = 0; round < Rounds; round++)
        {
            foreach (StepTime step in session.Profile(Runs))
            {
                if (step.Work.Shape.Length > 0 && step.Milliseconds > 0)
                {
                    ceilings._rates[Family(step)] = Math.Max(ceilings._rates.GetValueOrDefault(Family(step)), Work(step) / step.Milliseconds);
                }
            }
        }
        return ceilings;
    }

    /// <summary>The share of its kind's best rate that a step reaches; null where there is nothing to compare.</summary>
    public double? Share(StepTime step) =>
        step.Milliseconds > 0 && Work(step) > 0 && _rates.TryGetValue(Family(step), out double rate) ? Work(step) / step.Milliseconds / rate : null;

    // The op that a step begins with; steps that only work on rows are one kind.
    private static string Family(StepTime step) => step.Kind.Split(' ')[0] switch
    {
        "BinaryLinear" or "BinaryConv" => "binary product",
        "Conv2d" => "convolution",
        "Linear" => "linear",
        "BinaryAttention" => "attention",
        _ => "rows",
    };

    private static double Work(StepTime step) => step.Work.BinaryMacs > 0 ? step.Work.BinaryMacs : step.Work.FloatOps;

    private static EvitFile Network()
    {
        var random = new Random(1);
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        string Floats(string name, params int[] shape)
        {
            float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = random.NextSingle() - 0.5f;
            }

            tensors[name] = TensorData.Of(name, values, shape);
            return name;
        }
        string Bits(string name, int rows, int columns)
        {
            ulong[] words = new ulong[rows * columns / 64];
            for (int i = 0; i < words.Length; i++)
            {
                words[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            }

            tensors[name] = TensorData.Of(name, words, rows, columns / 64);
            return name;
        }
        tensors["exp"] = TensorData.Of("exp", [.. Enumerable.Range(0, HeadSize + 1).Select(m => (long)Math.Round(Math.Pow(2, 46) * Math.Exp(((2 * m) - (2 * HeadSize)) / Math.Sqrt(HeadSize))))], HeadSize + 1);
        tensors["clip"] = TensorData.Of("clip", [.. Enumerable.Repeat(8f / (Side * Side), Channels / HeadSize)], Channels / HeadSize);
        GraphNode[] nodes =
        [
            Node(Op.Conv2d, "patches", ["image"], new() { ["weight"] = Floats("w", Channels, 3, 4, 4) }, ("stride", 4), ("padding", 0)),
            Node(Op.ShiftSign, "signs", ["patches"], new() { ["shift"] = Floats("shift", Channels) }),
            Node(Op.AvgPool2d, "fewer", ["patches"], [], ("kernelH", 2), ("kernelW", 2), ("strideH", 2), ("strideW", 2), ("paddingH", 0), ("paddingW", 0)),
            Node(Op.ShiftSign, "keys", ["fewer"], new() { ["shift"] = "shift" }),
            Node(Op.BinaryLinear, "product", ["signs"], new() { ["weight"] = Bits("bits", Channels, Channels), ["scale"] = Floats("ps", Channels), ["offset"] = Floats("po", Channels) }),
            Node(Op.BinaryAttention, "attention", ["signs", "keys", "keys"],
                new() { ["exp"] = "exp", ["clip"] = "clip", ["scale"] = Floats("as", Channels), ["offset"] = Floats("ao", Channels) }, ("heads", Channels / HeadSize)),
            Node(Op.AvgPool2d, "pool", ["product"], [], ("kernelH", 3), ("kernelW", 1), ("strideH", 1), ("strideW", 1), ("paddingH", 1), ("paddingW", 0)),
            Node(Op.Affine, "scaled", ["pool"], new() { ["scale"] = Floats("s", Channels), ["offset"] = Floats("o", Channels) }),
            Node(Op.Add, "sum", ["attention", "scaled"], []),
            Node(Op.MeanTokens, "mean", ["sum"], []),
            Node(Op.Linear, "logits", ["mean"], new() { ["weight"] = Floats("head", 1000, Channels) }),
        ];
        var graph = new ModelGraph("ceilings", "image", [3, 4 * Side, 4 * Side], "logits", nodes);
        var preprocess = new Preprocess(4 * Side, 4 * Side, 4 * Side, Interpolation.Bilinear, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
        return EvitFile.Parse(EvitWriter.ToBytes(new LoweredModel(graph, tensors), preprocess, [.. Enumerable.Range(0, 1000).Select(i => $"{i}")], "{}"));
    }

    private static GraphNode Node(Op op, string name, string[] inputs, Dictionary<string, string> tensors, params (string Name, int Value)[] attributes) =>
        new(op, name, inputs, name, tensors, attributes.ToDictionary(a => a.Name, a => a.Value));
}
