using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime.Tests;

/// <summary>Tensors in and out of a session: their shapes count, their bits are those of spans, and a run allocates nothing. Half floats on their way in.</summary>
public sealed class TensorSpanTests : IDisposable
{
    private const int Side = 16, Classes = 7, Image = 3 * Side * Side;

    private readonly EvitModel _model;
    private readonly Session _session;
    private readonly float[] _images = SelfTest.Input(3, [3, 3, Side, Side]);

    public TensorSpanTests()
    {
        (ModelGraph graph, GraphBuilder builder) = BinaryViTGraphs.Build(5, Side, 4, [new(1, 64, 128, 2, 1)], Classes, true, Branches.Pools);
        _model = Models.Load(graph, builder);
        _session = _model.CreateSession(new SessionOptions { Threads = 1 });
    }

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void TheBitsAreThoseOfSpans()
    {
        var expected = new float[3 * Classes];
        _session.RunNchw(_images.AsSpan(), expected.AsSpan());

        var batch = new float[3 * Classes];
        _session.RunNchw(new ReadOnlyTensorSpan<float>(_images, [3, 3, Side, Side], []), new TensorSpan<float>(batch, [3, Classes], []));
        Models.AssertSameBits(expected, batch, "a batch");

        var one = new float[Classes];
        _session.RunNchw(new ReadOnlyTensorSpan<float>(_images.AsSpan(Image, Image), [3, Side, Side], []), new TensorSpan<float>(one));
        Models.AssertSameBits(expected.AsSpan(Classes, Classes), one, "one image");

        // A part of a batch lies in one piece; what is around its logits stays.
        var parts = new float[5 * Classes];
        parts.AsSpan().Fill(-77);
        _session.RunNchw(
            new ReadOnlyTensorSpan<float>(_images, [3, 3, Side, Side], []).Slice([1..3, 0..3, 0..Side, 0..Side]),
            new TensorSpan<float>(parts, [5, Classes], []).Slice([2..4, 0..Classes]));
        Models.AssertSameBits(expected.AsSpan(Classes), parts.AsSpan(2 * Classes, 2 * Classes), "a part");
        Assert.All(parts[..(2 * Classes)].Concat(parts[(4 * Classes)..]), v => Assert.Equal(-77, v));

        // Arrays are spans still.
        var array = new float[3 * Classes];
        _session.RunNchw(_images, array);
        Models.AssertSameBits(expected, array, "arrays");
    }

    public static TheoryData<int[], int[], string> Shapes => new()
    {
        { [Side, Side, 3], [Classes], "the input has the shape [16, 16, 3], expected [3, 16, 16], or [n, 3, 16, 16] for n images" },
        { [1, Side, Side], [Classes], "the input has the shape [1, 16, 16], expected [3, 16, 16]" },
        { [3, Side * Side], [Classes], "the input has the shape [3, 256], expected" },
        { [Image], [Classes], "the input has the shape [768], expected" },
        { [1, 1, 3, Side, Side], [Classes], "the input has the shape [1, 1, 3, 16, 16], expected" },
        { [2, 3, Side, Side / 2], [2, Classes], "the input has the shape [2, 3, 16, 8], expected" },
        { [3, Side, Side], [1, Classes], "the logits have the shape [1, 7], expected [7] for an input of [3, 16, 16]" },
        { [3, Side, Side], [Classes + 1], "the logits have the shape [8], expected [7]" },
        { [2, 3, Side, Side], [2 * Classes], "the logits have the shape [14], expected [2, 7] for an input of [2, 3, 16, 16]" },
        { [2, 3, Side, Side], [3, Classes], "the logits have the shape [3, 7], expected [2, 7]" },
        { [2, 3, Side, Side], [Classes, 2], "the logits have the shape [7, 2], expected [2, 7]" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void OtherShapesAreRefused(int[] input, int[] logits, string message)
    {
        var output = new float[Length(logits)];
        string found = Assert.Throws<ArgumentException>(() =>
            _session.RunNchw(
                new ReadOnlyTensorSpan<float>(new float[Length(input)], [.. input.Select(l => (nint)l)], []),
                new TensorSpan<float>(output, [.. logits.Select(l => (nint)l)], []))).Message;
        Assert.StartsWith(message, found, StringComparison.Ordinal);
        Assert.All(output, v => Assert.Equal(0, v));
    }

    [Fact]
    public void ElementsThatDoNotLieInOnePieceAreRefused()
    {
        var logits = new float[4 * Classes];
        var wide = new float[3 * Side * 2 * Side];
        string crop = Assert.Throws<ArgumentException>(() =>
            _session.RunNchw(new ReadOnlyTensorSpan<float>(wide, [3, Side, 2 * Side], []).Slice([0..3, 0..Side, 4..(4 + Side)]), new TensorSpan<float>(logits.AsSpan(0, Classes)))).Message;
        Assert.StartsWith("the input of shape [3, 16, 16] has the strides [512, 32, 1], expected elements one behind the other", crop, StringComparison.Ordinal);

        // Pixels of a camera, channels last, seen as channels first.
        string transposed = Assert.Throws<ArgumentException>(() =>
            _session.RunNchw(new ReadOnlyTensorSpan<float>(_images.AsSpan(0, Image), [3, Side, Side], [1, 3 * Side, 3]), new TensorSpan<float>(logits.AsSpan(0, Classes)))).Message;
        Assert.Contains("the strides [1, 48, 3]", transposed, StringComparison.Ordinal);

        // One image for all: a stride of 0.
        Assert.Throws<ArgumentException>(() =>
            _session.RunNchw(new ReadOnlyTensorSpan<float>(_images.AsSpan(0, Image), [2, 3, Side, Side], [0, Side * Side, Side, 1]), new TensorSpan<float>(logits.AsSpan(0, 2 * Classes), [2, Classes], [])));

        string columns = Assert.Throws<ArgumentException>(() =>
            _session.RunNchw(new ReadOnlyTensorSpan<float>(_images.AsSpan(0, 2 * Image), [2, 3, Side, Side], []), new TensorSpan<float>(logits, [2, 2 * Classes], []).Slice([0..2, 0..Classes]))).Message;
        Assert.StartsWith("the logits of shape [2, 7] has the strides [14, 1]", columns, StringComparison.Ordinal);
        Assert.All(logits, v => Assert.Equal(0, v));
    }

    [Fact]
    public void ARunAllocatesNothing()
    {
        var logits = new float[3 * Classes];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            Run();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            _session.RunNchw(new ReadOnlyTensorSpan<float>(_images, [3, 3, Side, Side], []), new TensorSpan<float>(logits, [3, Classes], []));
            _session.RunNchw(new ReadOnlyTensorSpan<float>(_images.AsSpan(0, Image), [3, Side, Side], []), new TensorSpan<float>(logits.AsSpan(0, Classes)));
        }
    }

    [Fact]
    public void ADisposedSessionSaysSo()
    {
        _session.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
            _session.RunNchw(new ReadOnlyTensorSpan<float>(_images, [3, 3, Side, Side], []), new TensorSpan<float>(new float[3 * Classes], [3, Classes], [])));
    }

    /// <summary>Every half float there is, against its definition: sign, five bits of exponent, ten of fraction.</summary>
    [Fact]
    public void HalfFloatsAreWidenedExactly()
    {
        ushort[] bits = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i)];
        byte[] bytes = MemoryMarshal.AsBytes(bits.AsSpan()).ToArray();
        float[] stored = TensorData.Floats(new StoredTensor("t", StoredType.F16, [65_536], bytes));
        float[] read = new SafetensorsTensor("t", SafetensorsType.F16, [65_536], bytes).ToFloats();
        foreach (ushort b in bits)
        {
            (int sign, int exponent, int fraction) = (b >> 15, (b >> 10) & 31, b & 1023);
            double size = exponent == 0 ? Math.ScaleB(fraction, -24) : exponent < 31 ? Math.ScaleB(1024 + fraction, exponent - 25) : fraction == 0 ? double.PositiveInfinity : double.NaN;
            float expected = (float)(sign == 0 ? size : -size);
            Models.AssertSameBits([expected, expected], [stored[b], read[b]], $"half {b:x4}");
        }
    }

    private static int Length(int[] shape) => shape.Aggregate(1, (a, b) => a * b);
}
