using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The element-wise passes of a binary layer, each over memory once: tokens <c>[M, K]</c> → signs; products <c>[M, O]</c> → norm,
/// shortcut, RPReLU; and the way back. Written for any element type of the products.</summary>
/// <typeparam name="T">Element type of signs, products and their gradients.</typeparam>
internal static class BranchKernels<T> where T : struct, ILanes
{
    // Rows of a tile: a column of 16 channels is walked down a tile with its sums in registers while the tile stays in the cache.
    private const int Tile = 64;

    /// <summary>Signs of <c>x + move</c>: ±1, sign(0) = +1.</summary>
    internal static Tensor Signs(Tensor x, Tensor move)
    {
        (int rows, int k) = Shape(x);
        Tensor signs = torch.empty(rows, k, dtype: T.Type);
        var fromMemory = new TensorMemory(x);
        var shiftMemory = new TensorMemory(move);
        var toMemory = new TensorMemory(signs);
        ParallelRows.Run(rows, (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte shift = ref shiftMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                nuint at = (nuint)row * (nuint)k;
                for (int c = 0; c < k; c += Lanes.Count)
                {
                    Vector512<float> u = Lanes.Load(ref from, at + (nuint)c) + Lanes.Load(ref shift, (nuint)c);
                    T.Store(Sign(u), ref to, at + (nuint)c);
                }
            }
        });
        return signs;
    }

    /// <summary>Per channel the sum and the sum of squares of the products.</summary>
    internal static double[] Moments(Tensor products)
    {
        (int rows, int o) = Shape(products);
        var pMemory = new TensorMemory(products);
        return ParallelRows.Reduce(rows, 2 * o, (begin, end, sums) =>
        {
            ref byte p = ref pMemory.Start;
            for (int tile = begin; tile < end; tile += Tile)
            {
                int last = Math.Min(end, tile + Tile);
                for (int c = 0; c < o; c += Lanes.Count)
                {
                    Vector512<float> sum = Vector512<float>.Zero;
                    Vector512<float> squares = Vector512<float>.Zero;
                    for (int row = tile; row < last; row++)
                    {
                        Vector512<float> v = T.Load(ref p, ((nuint)row * (nuint)o) + (nuint)c);
                        sum += v;
                        squares = Vector512.FusedMultiplyAdd(v, v, squares);
                    }
                    Lanes.Accumulate(sums, c, sum);
                    Lanes.Accumulate(sums, o + c, squares);
                }
            }
        });
    }

    /// <summary><c>t = scale * p + offset + shortcut</c>, <c>y = (t &gt; 0 ? t : slope * t) + move2</c>.</summary>
    internal static Tensor Activate(Tensor products, Tensor x, ShortcutKind kind, int factor, float[] scale, float[] offset, Tensor slope, Tensor move2)
    {
        (int rows, int o) = Shape(products);
        int k = (int)x.shape[1];
        Tensor result = torch.empty(rows, o);
        GroupLanes group = GroupLanes.Of(kind == ShortcutKind.GroupMean ? factor : 1);
        var pMemory = new TensorMemory(products);
        var fromMemory = new TensorMemory(x);
        var sMemory = new TensorMemory(slope);
        var mMemory = new TensorMemory(move2);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run(rows, (begin, end) =>
        {
            ref byte p = ref pMemory.Start;
            ref byte from = ref fromMemory.Start;
            ref byte s = ref sMemory.Start;
            ref byte m = ref mMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                nuint at = (nuint)row * (nuint)o;
                nuint source = (nuint)row * (nuint)k;
                for (int c = 0; c < o; c += Lanes.Count)
                {
                    Vector512<float> t = Argument(ref p, at, ref from, source, k, c, kind, group, Lanes.Load(scale, c), Lanes.Load(offset, c));
                    Vector512<float> negative = Vector512.Min(t, Vector512<float>.Zero);
                    Vector512<float> y = Vector512.FusedMultiplyAdd(Lanes.Load(ref s, (nuint)c), negative, t - negative) + Lanes.Load(ref m, (nuint)c);
                    Float32Lanes.Store(y, ref to, at + (nuint)c);
                }
            }
        });
        return result;
    }

    /// <summary>The gradient of t from that of y, and per channel four sums: of g, of <c>g * min(t, 0)</c>, of the gradient of t, and of it times p.</summary>
    internal static (Tensor ByArgument, double[] Sums) Deactivate(
        Tensor gradient, Tensor products, Tensor x, ShortcutKind kind, int factor, float[] scale, float[] offset, Tensor slope)
    {
        (int rows, int o) = Shape(products);
        int k = (int)x.shape[1];
        Tensor byArgument = torch.empty(rows, o);
        GroupLanes group = GroupLanes.Of(kind == ShortcutKind.GroupMean ? factor : 1);
        var gMemory = new TensorMemory(gradient);
        var pMemory = new TensorMemory(products);
        var fromMemory = new TensorMemory(x);
        var sMemory = new TensorMemory(slope);
        var toMemory = new TensorMemory(byArgument);
        double[] totals = ParallelRows.Reduce(rows, 4 * o, (begin, end, sums) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte p = ref pMemory.Start;
            ref byte from = ref fromMemory.Start;
            ref byte s = ref sMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int tile = begin; tile < end; tile += Tile)
            {
                int last = Math.Min(end, tile + Tile);
                for (int c = 0; c < o; c += Lanes.Count)
                {
                    Vector512<float> factorOf = Lanes.Load(ref s, (nuint)c);
                    Vector512<float> a = Lanes.Load(scale, c);
                    Vector512<float> b = Lanes.Load(offset, c);
                    Vector512<float> sum = Vector512<float>.Zero;
                    Vector512<float> bySlope = Vector512<float>.Zero;
                    Vector512<float> sumT = Vector512<float>.Zero;
                    Vector512<float> sumP = Vector512<float>.Zero;
                    for (int row = tile; row < last; row++)
                    {
                        nuint at = (nuint)row * (nuint)o;
                        Vector512<float> t = Argument(ref p, at, ref from, (nuint)row * (nuint)k, k, c, kind, group, a, b);
                        Vector512<float> incoming = Lanes.Load(ref g, at + (nuint)c);
                        Vector512<float> gt = Vector512.ConditionalSelect(Vector512.GreaterThan(t, Vector512<float>.Zero), incoming, incoming * factorOf);
                        Float32Lanes.Store(gt, ref to, at + (nuint)c);
                        sum += incoming;
                        bySlope = Vector512.FusedMultiplyAdd(incoming, Vector512.Min(t, Vector512<float>.Zero), bySlope);
                        sumT += gt;
                        sumP = Vector512.FusedMultiplyAdd(gt, T.Load(ref p, at + (nuint)c), sumP);
                    }
                    Lanes.Accumulate(sums, c, sum);
                    Lanes.Accumulate(sums, o + c, bySlope);
                    Lanes.Accumulate(sums, (2 * o) + c, sumT);
                    Lanes.Accumulate(sums, (3 * o) + c, sumP);
                }
            }
        });
        return (byArgument, totals);
    }

    /// <summary>The gradient of the products: <c>a * gt + b * p + c</c> per channel, which is the backward pass of a batch norm.</summary>
    internal static Tensor ProductGradient(Tensor byArgument, Tensor products, float[] a, float[] b, float[] c)
    {
        (int rows, int o) = Shape(products);
        Tensor result = torch.empty(rows, o, dtype: T.Type);
        var gMemory = new TensorMemory(byArgument);
        var pMemory = new TensorMemory(products);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run(rows, (begin, end) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte p = ref pMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                nuint at = (nuint)row * (nuint)o;
                for (int i = 0; i < o; i += Lanes.Count)
                {
                    Vector512<float> fromP = Vector512.FusedMultiplyAdd(Lanes.Load(b, i), T.Load(ref p, at + (nuint)i), Lanes.Load(c, i));
                    T.Store(Vector512.FusedMultiplyAdd(Lanes.Load(a, i), Lanes.Load(ref g, at + (nuint)i), fromP), ref to, at + (nuint)i);
                }
            }
        });
        return result;
    }

    /// <summary>The gradient of x, through the signs and through the shortcut, and per channel the sum of the first: the gradient of move.</summary>
    internal static (Tensor ByInput, double[] ByMove) InputGradient(
        Tensor bySigns, Tensor x, Tensor move, Tensor byArgument, ShortcutKind kind, int factor, Surrogate surrogate)
    {
        (int rows, int k) = Shape(x);
        int o = (int)byArgument.shape[1];
        Tensor result = torch.empty(rows, k);
        GroupLanes group = GroupLanes.Of(kind == ShortcutKind.GroupMean ? factor : 1);
        var gMemory = new TensorMemory(bySigns);
        var fromMemory = new TensorMemory(x);
        var tMemory = new TensorMemory(byArgument);
        var mMemory = new TensorMemory(move);
        var toMemory = new TensorMemory(result);
        double[] byMove = ParallelRows.Reduce(rows, k, (begin, end, sums) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte from = ref fromMemory.Start;
            ref byte t = ref tMemory.Start;
            ref byte m = ref mMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int tile = begin; tile < end; tile += Tile)
            {
                int last = Math.Min(end, tile + Tile);
                for (int c = 0; c < k; c += Lanes.Count)
                {
                    Vector512<float> shift = Lanes.Load(ref m, (nuint)c);
                    Vector512<float> sum = Vector512<float>.Zero;
                    for (int row = tile; row < last; row++)
                    {
                        nuint at = ((nuint)row * (nuint)k) + (nuint)c;
                        Vector512<float> through = T.Load(ref g, at) * surrogate.At(Lanes.Load(ref from, at) + shift);
                        sum += through;
                        Float32Lanes.Store(through + ShortcutGradient(ref t, (nuint)row * (nuint)o, o, k, c, kind, group), ref to, at);
                    }
                    Lanes.Accumulate(sums, c, sum);
                }
            }
        });
        return (result, byMove);
    }

    /// <summary>±1, +1 for 0 and -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Sign(Vector512<float> u) =>
        Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(u, Vector512<float>.Zero), Vector512.Create(1f), Vector512.Create(-1f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Argument(
        ref byte p, nuint at, ref byte from, nuint source, int k, int c, ShortcutKind kind, GroupLanes group, Vector512<float> scale, Vector512<float> offset)
    {
        Vector512<float> shortcut = kind switch
        {
            ShortcutKind.Tile => Lanes.Load(ref from, source + (nuint)(c % k)),
            ShortcutKind.GroupMean => group.Mean(ref from, source + (nuint)(c * group.E)),
            _ => Lanes.Load(ref from, source + (nuint)c),
        };
        return Vector512.FusedMultiplyAdd(scale, T.Load(ref p, at + (nuint)c), offset) + shortcut;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ShortcutGradient(ref byte t, nuint row, int o, int k, int c, ShortcutKind kind, GroupLanes group)
    {
        switch (kind)
        {
            case ShortcutKind.Tile:
                Vector512<float> sum = Lanes.Load(ref t, row + (nuint)c);
                for (int at = c + k; at < o; at += k)
                {
                    sum += Lanes.Load(ref t, row + (nuint)at);
                }

                return sum;
            case ShortcutKind.GroupMean:
                return group.Spread(ref t, row, c) * (1f / group.E);
            default:
                return Lanes.Load(ref t, row + (nuint)c);
        }
    }

    private static (int Rows, int Columns) Shape(Tensor tensor) => ((int)tensor.shape[0], (int)tensor.shape[1]);
}
