using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The four branches of a block at once.</summary>
internal static class NeighbourKernels
{
    /// <summary>See <see cref="INeighbours{TSelf}"/> for their order.</summary>
    internal const int Branches = 4;

    /// <summary><c>origin + scale * x + offset + sum over branches of weight[b] * branch_b(tokens)</c>; all <c>[B*N, C]</c>, vectors <c>[C]</c>,
    /// <paramref name="weights"/> <c>[4 * C]</c>.</summary>
    internal static Tensor Mix(BranchKind kind, Tensor tokens, TokenGrid grid, float[] weights, Tensor origin, Tensor x, float[] scale, float[] offset) =>
        kind == BranchKind.Pool
            ? Mix<PoolWindows>(tokens, grid, weights, origin, x, scale, offset)
            : Mix<ShiftedTokens>(tokens, grid, weights, origin, x, scale, offset);

    /// <summary>The gradient of the branches' tokens: the transposed branches of the gradient, summed with their weights.</summary>
    internal static Tensor TokenGradient(BranchKind kind, Tensor gradient, TokenGrid grid, float[] weights) => kind == BranchKind.Pool
        ? Mix<PoolWindows>(gradient, grid, weights, null, null, [], [])
        : Mix<ShiftedBack>(gradient, grid, weights, null, null, [], []);

    /// <summary>Per branch and channel the sum of <c>g * branch_b(tokens)</c>, <c>[4 * C]</c>.</summary>
    internal static double[] WeightGradient(BranchKind kind, Tensor gradient, Tensor tokens, TokenGrid grid) => kind == BranchKind.Pool
        ? WeightGradient<PoolWindows>(gradient, tokens, grid)
        : WeightGradient<ShiftedTokens>(gradient, tokens, grid);

    private static Tensor Mix<T>(Tensor tokens, TokenGrid grid, float[] weights, Tensor? origin, Tensor? x, float[] scale, float[] offset)
        where T : struct, INeighbours<T>
    {
        int channels = (int)tokens.shape[1];
        int side = (int)grid.Side;
        Tensor result = torch.empty(tokens.shape[0], channels);
        var fromMemory = new TensorMemory(tokens);
        var startMemory = new TensorMemory(origin ?? tokens);
        var scaledMemory = new TensorMemory(x ?? tokens);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run((int)(grid.Batch * grid.Tokens), (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte start = ref startMemory.Start;
            ref byte scaled = ref scaledMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int token = begin; token < end; token++)
            {
                nuint at = (nuint)token * (nuint)channels;
                T neighbours = T.Of(token, side, channels);
                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    nuint element = at + (nuint)c;
                    neighbours.Read(ref from, element, c, out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2);
                    Vector512<float> y = h1 * Lanes.Load(weights, c);
                    y = Vector512.FusedMultiplyAdd(w1, Lanes.Load(weights, channels + c), y);
                    y = Vector512.FusedMultiplyAdd(h2, Lanes.Load(weights, (2 * channels) + c), y);
                    y = Vector512.FusedMultiplyAdd(w2, Lanes.Load(weights, (3 * channels) + c), y);
                    if (origin is not null)
                    {
                        y += Vector512.FusedMultiplyAdd(Lanes.Load(scale, c), Lanes.Load(ref scaled, element), Lanes.Load(offset, c));
                        y += Lanes.Load(ref start, element);
                    }
                    Float32Lanes.Store(y, ref to, element);
                }
            }
        });
        return result;
    }

    private static double[] WeightGradient<T>(Tensor gradient, Tensor tokens, TokenGrid grid)
        where T : struct, INeighbours<T>
    {
        int channels = (int)tokens.shape[1];
        int side = (int)grid.Side;
        var gMemory = new TensorMemory(gradient);
        var fromMemory = new TensorMemory(tokens);
        return ParallelRows.Reduce((int)(grid.Batch * grid.Tokens), Branches * channels, (begin, end, sums) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte from = ref fromMemory.Start;
            for (int token = begin; token < end; token++)
            {
                nuint at = (nuint)token * (nuint)channels;
                T neighbours = T.Of(token, side, channels);
                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    neighbours.Read(ref from, at + (nuint)c, c, out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2);
                    Vector512<float> v = Lanes.Load(ref g, at + (nuint)c);
                    Lanes.Accumulate(sums, c, v * h1);
                    Lanes.Accumulate(sums, channels + c, v * w1);
                    Lanes.Accumulate(sums, (2 * channels) + c, v * h2);
                    Lanes.Accumulate(sums, (3 * channels) + c, v * w2);
                }
            }
        });
    }
}

/// <summary>What the four branches of a block see of one token's neighbours.</summary>
internal interface INeighbours<TSelf>
    where TSelf : struct, INeighbours<TSelf>
{
    /// <summary>The neighbours of a token.</summary>
    /// <param name="token">Its number in the batch.</param>
    /// <param name="channels">Floats from token to token.</param>
    static abstract TSelf Of(int token, int side, int channels);

    /// <summary>16 channels of the branches: the near vertical and horizontal one, the far vertical and horizontal one.</summary>
    /// <param name="from">The first token of the batch.</param>
    /// <param name="element">Where the token's channels lie.</param>
    /// <param name="channel">The first of them, a multiple of 16.</param>
    /// <param name="h1">Near and vertical.</param>
    /// <param name="w1">Near and horizontal.</param>
    /// <param name="h2">Far and vertical.</param>
    /// <param name="w2">Far and horizontal.</param>
    void Read(ref byte from, nuint element, int channel, out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2);
}

/// <summary>How far a token is from the edges of its grid, at most 2.</summary>
internal readonly struct GridPlace
{
    internal readonly int Up;
    internal readonly int Down;
    internal readonly int Left;
    internal readonly int Right;
    internal readonly nuint Row;
    internal readonly nuint Column;

    internal GridPlace(int token, int side, int channels)
    {
        (int line, int x) = Math.DivRem(token, side);
        int y = line % side;
        Up = Math.Min(2, y);
        Down = Math.Min(2, side - 1 - y);
        Left = Math.Min(2, x);
        Right = Math.Min(2, side - 1 - x);
        Row = (nuint)(side * channels);
        Column = (nuint)channels;
    }
}

/// <summary>Averages of windows of 3 and 5 tokens, zero padded and always divided by their length. A window is its own transpose: the gradient
/// uses the same pass.</summary>
internal readonly struct PoolWindows : INeighbours<PoolWindows>
{
    private readonly GridPlace _place;

    private PoolWindows(GridPlace place) => _place = place;

    public static PoolWindows Of(int token, int side, int channels) => new(new GridPlace(token, side, channels));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read(
        ref byte from, nuint element, int channel, out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2)
    {
        Vector512<float> centre = Lanes.Load(ref from, element);
        Line(ref from, element, _place.Row, _place.Up, _place.Down, centre, out h1, out h2);
        Line(ref from, element, _place.Column, _place.Left, _place.Right, centre, out w1, out w2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(
        ref byte from, nuint element, nuint stride, int before, int after, Vector512<float> centre, out Vector512<float> three, out Vector512<float> five)
    {
        Vector512<float> sum = centre;
        if (before > 0)
        {
            sum += Lanes.Load(ref from, element - stride);
        }

        if (after > 0)
        {
            sum += Lanes.Load(ref from, element + stride);
        }

        three = sum * (1f / 3);
        if (before > 1)
        {
            sum += Lanes.Load(ref from, element - (2 * stride));
        }

        if (after > 1)
        {
            sum += Lanes.Load(ref from, element + (2 * stride));
        }

        five = sum * (1f / 5);
    }
}

/// <summary>The tokens 1 and 2 above and to the left for even blocks of 16 channels, below and to the right for odd ones; zeros from outside the
/// grid.</summary>
internal readonly struct ShiftedTokens : INeighbours<ShiftedTokens>
{
    private readonly GridPlace _place;

    private ShiftedTokens(GridPlace place) => _place = place;

    public static ShiftedTokens Of(int token, int side, int channels) => new(new GridPlace(token, side, channels));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read(
        ref byte from, nuint element, int channel, out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2) =>
        Read(_place, Runtime.TokenShift.Direction(channel) == 0, ref from, element, out h1, out w1, out h2, out w2);

    /// <summary>The tokens before (above, left) or after.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Read(
        GridPlace place, bool before, ref byte from, nuint element,
        out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2)
    {
        Line(ref from, element, before ? 0 - place.Row : place.Row, before ? place.Up : place.Down, out h1, out h2);
        Line(ref from, element, before ? 0 - place.Column : place.Column, before ? place.Left : place.Right, out w1, out w2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(ref byte from, nuint element, nuint stride, int reach, out Vector512<float> near, out Vector512<float> far)
    {
        near = reach > 0 ? Lanes.Load(ref from, unchecked(element + stride)) : Vector512<float>.Zero;
        far = reach > 1 ? Lanes.Load(ref from, unchecked(element + (2 * stride))) : Vector512<float>.Zero;
    }
}

/// <summary>The transpose of <see cref="ShiftedTokens"/>: from the other side.</summary>
internal readonly struct ShiftedBack : INeighbours<ShiftedBack>
{
    private readonly GridPlace _place;

    private ShiftedBack(GridPlace place) => _place = place;

    public static ShiftedBack Of(int token, int side, int channels) => new(new GridPlace(token, side, channels));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read(
        ref byte from, nuint element, int channel, out Vector512<float> h1, out Vector512<float> w1, out Vector512<float> h2, out Vector512<float> w2) =>
        ShiftedTokens.Read(_place, Runtime.TokenShift.Direction(channel) == 1, ref from, element, out h1, out w1, out h2, out w2);
}
