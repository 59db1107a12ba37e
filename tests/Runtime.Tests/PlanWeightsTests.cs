namespace EdgeVit.Runtime.Tests;

/// <summary>A plan's copies of the tensors: their layout, and that they are given back.</summary>
public unsafe class PlanWeightsTests
{
    /// <summary>Kernels start sums at their first summand: only parameters that are no -0 take the sign of a zero away again.</summary>
    [Fact]
    public void RowsAreWholeBlocksWithoutNegativeZeros()
    {
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor> { ["t"] = TensorData.Of("t", [-0f, 1, -2, 0f, 3, -0f], 2, 3) });
        Check([0f, 1, -2, 0f, 3, 0f], weights.Rows("t", 3), 0f);
        Check([0f, -1, 2, 0f, -3, 0f], weights.Thresholds("t", 3), float.NaN);

        static void Check(float[] expected, float* found, float padding)
        {
            for (int i = 0; i < 2 * 64; i++)
            {
                float value = i % 64 < 3 ? expected[(i / 64 * 3) + (i % 64)] : padding;
                Assert.Equal(BitConverter.SingleToUInt32Bits(value), BitConverter.SingleToUInt32Bits(found[i]));
            }
        }
    }

    [Fact]
    public void EqualRequestsShareMemoryAndOthersDoNot()
    {
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor> { ["t"] = TensorData.Of("t", [1f, 2, 3, 4, 5, 6], 6) });
        float* rows = weights.Rows("t", 3);
        Assert.Equal(2 * 64 * 4, weights.Bytes);
        Assert.True(rows == weights.Rows("t", 3));
        Assert.Equal(2 * 64 * 4, weights.Bytes);
        Assert.False(rows == weights.Thresholds("t", 3));
        Assert.False(rows == weights.Rows("t", 2));
        Assert.Equal((2 + 2 + 3) * 64 * 4, weights.Bytes);
        Assert.True(weights.Zeros(64) == weights.Zeros(64));
        // Cache lines: whole ones, each its own.
        nint a = weights.Allocate(1), b = weights.Allocate(65), c = weights.Allocate(64);
        Assert.Equal((0, 64, 128), (a % 64, b - a, c - b));
    }

    [Theory]
    [InlineData(3, 5, 64)]
    [InlineData(20, 33, 16)]
    [InlineData(130, 7, 64)]
    public void MatricesAreTransposedInBlocksOfOutputs(int outputs, int inputs, int width)
    {
        float[] values = [.. Enumerable.Range(1, outputs * inputs).Select(i => (float)i)];
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor>
        {
            ["full"] = TensorData.Of("full", values, outputs, inputs),
            ["half"] = new("half", StoredType.F16, [outputs, inputs], System.Runtime.InteropServices.MemoryMarshal.AsBytes<Half>(values.Select(v => (Half)v).ToArray()).ToArray()),
        });
        foreach (string name in (string[])["full", "half"])
        {
            float* found = weights.TransposedBlocks(name, outputs, width);
            for (int o = 0; o < outputs; o++)
            {
                for (int k = 0; k < inputs; k++)
                {
                    float value = values[(o * inputs) + k];
                    Assert.Equal(name == "half" ? (float)(Half)value : value, found[((((o / width) * inputs) + k) * width) + (o % width)]);
                }
            }
        }
    }

    [Fact]
    public void TablesAreDoubledBackwards()
    {
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor>());
        long* table = stackalloc long[] { 1, 2, 3, 10, 20, 30 };
        double* found = weights.TwiceReversed(table, 3, 2);
        Assert.Equal([6, 4, 2, 60, 40, 20], new Span<double>(found, 6).ToArray());
    }

    /// <summary>The model and its sessions hold a plan together: the last of them gives it back, and only it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheLastHolderFreesThePlansWeights(bool modelFirst)
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(6, 16, 2, [new(1, 64, 128, 1, 2)], 4);
        EvitModel model = Models.Load(graph, b);
        Session one = model.CreateSession(), two = model.CreateSession();
        var probe = new Probe();
        one.Plan.Weights.Keep(probe);
        foreach (IDisposable holder in modelFirst ? (IDisposable[])[model, one, one, two] : [one, two, two, model])
        {
            Assert.Equal(0, probe.Freed);
            holder.Dispose();
        }

        Assert.Equal(1, probe.Freed);
    }

    private sealed class Probe : IDisposable
    {
        public int Freed { get; private set; }

        public void Dispose() => Freed++;
    }
}
