using EdgeVit.Export;

namespace EdgeVit.Quantize.Tests;

/// <summary>Tiny students of a few steps with every option, each value of an option beside each value of every other: what is packed is proven.</summary>
public class StudentPairTests
{
    private static readonly (string Name, Func<ConvertOptions, ConvertOptions>[] Values)[] s_options =
    [
        ("seed", [.. Enumerable.Range(1, 5).Select(seed => (Func<ConvertOptions, ConvertOptions>)(o => o with { Seed = (ulong)seed }))]),
        ("precision", [o => o with { Precision = ConvertOptions.Float32 }, o => o with { Precision = ConvertOptions.BFloat16 }]),
        ("branches", [o => o with { Branches = BranchKind.Pool }, o => o with { Branches = BranchKind.Shift }, o => o with { Branches = BranchKind.None }]),
        ("float-downsampling", [o => o with { FloatDownsampling = false }, o => o with { FloatDownsampling = true }]),
        ("head", [o => o with { ClassHead = false }, o => o with { ClassHead = true }]),
        ("shifted-patches", [o => o with { ShiftedPatches = false }, o => o with { ShiftedPatches = true }]),
        ("stem", [o => o with { Stem = 0 }, o => o with { Stem = 5 }]),
        ("attention-levels", [o => o with { AttentionLevels = 1 }, o => o with { AttentionLevels = 3 }]),
        ("locality", [o => o with { Locality = false }, o => o with { Locality = true }]),
        ("clip", [o => o, o => Bits(o, b => b with { Clip = ClipStart.Parse("0.005") }), o => Bits(o, b => b with { ClipPerLayer = true })]),
        ("activation-gradient", [o => o, o => Bits(o, b => b with { Gradient = ActivationGradient.Straight }), o => Bits(o, b => b with { Gradient = ActivationGradient.Annealed })]),
        ("phases", [o => o, o => Bits(o, b => b with { FloatWeights = 0.5 }), o => Bits(o, b => b with { FreezeSigns = 0.5 }), o => Bits(o, b => b with { Regularizer = 1, RegularizerShare = 1 })]),
        ("norm-batches", [o => o, o => Bits(o, b => b with { NormBatches = 0 }), o => Bits(o, b => b with { NormBatches = 1 })]),
        ("floats", [o => o with { Floats = FloatPolicy.Auto }, o => o with { Floats = FloatPolicy.F32 }, o => o with { Floats = FloatPolicy.F16 }]),
        ("regularization", [o => o, o => o with { Regularization = new Regularization(0.2, 0.1) }, o => o with { Regularization = Regularization.None with { Average = 0.9 } }]),
        ("accumulate", [o => o, o => o with { Accumulate = 2 }]),
        ("mixing", [o => o, o => o with { Mixup = 0.4 }, o => o with { CutMix = 1 }, o => o with { Erase = 0.5, Flip = true, Pad = 2 }]),
        ("lr", [o => o, o => o with { LearningRate = 0.5 }]),
    ];

    public static TheoryData<string> Rows => [.. CoveringRows()];

    [Theory]
    [MemberData(nameof(Rows))]
    public void EveryPairOfOptionsIsPackedAndProven(string row)
    {
        using var folder = new TempFolder();
        var layout = new BinaryViTConfig("tiny", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 2), new StageConfig(1, 64, 64, 2, 1)], Classes: 10);
        ConvertOptions options = ShortRun.Of(folder, layout) with { ShapesTest = 12, Epochs = 0.2, BatchSize = 16, ParityImages = 4 };
        string[] choices = row.Split(' ');
        for (int i = 0; i < choices.Length; i++)
        {
            options = s_options[i].Values[choices[i][^1] - '0'](options);
        }

        Assert.True(ShortRun.Proven(options).Parity.Compared > 0);
    }

    /// <summary>The rows have what they promise.</summary>
    [Fact]
    public void TheRowsHaveEveryPair()
    {
        HashSet<(string, string)> found = [];
        foreach (string[] row in CoveringRows().Select(r => r.Split(' ')))
        {
            found.UnionWith(row.SelectMany((a, i) => row.Skip(i + 1).Select(b => (a, b))));
        }

        int expected = s_options.SelectMany((a, i) => s_options.Skip(i + 1).Select(b => a.Values.Length * b.Values.Length)).Sum();
        Assert.Equal(expected, found.Count);
    }

    private static ConvertOptions Bits(ConvertOptions options, Func<BinarizationSettings, BinarizationSettings> change) =>
        options with { Binarization = change(options.Binarization) };

    /// <summary>Greedily: of some random rows the one with the most pairs that no row before had.</summary>
    private static List<string> CoveringRows()
    {
        var random = new Random(7);
        HashSet<(int, int, int, int)> left = [.. s_options.SelectMany((a, i) => s_options.Skip(i + 1).SelectMany(
            (b, k) => a.Values.SelectMany((_, x) => b.Values.Select((_, y) => (i, x, i + 1 + k, y)))))];
        List<string> rows = [];
        while (left.Count > 0)
        {
            int[] best = Enumerable.Range(0, 50).Select(_ => Candidate(random, left)).MaxBy(c => Pairs(c).Count(left.Contains))!;
            left.ExceptWith(Pairs(best));
            rows.Add(string.Join(' ', best.Select((value, i) => $"{s_options[i].Name}:{value}")));
        }
        return rows;
    }

    private static int[] Candidate(Random random, HashSet<(int, int, int, int)> left)
    {
        (int i, int x, int k, int y) = left.ElementAt(random.Next(left.Count));
        int[] row = [.. s_options.Select(o => random.Next(o.Values.Length))];
        (row[i], row[k]) = (x, y);
        return row;
    }

    private static IEnumerable<(int, int, int, int)> Pairs(int[] row) =>
        Enumerable.Range(0, row.Length).SelectMany(i => Enumerable.Range(i + 1, row.Length - i - 1).Select(k => (i, row[i], k, row[k])));
}
