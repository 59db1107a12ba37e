using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How tokens divide into heads: tokens <c>[B*N, h*d]</c>, heads <c>[B*h, N, d]</c>.</summary>
/// <param name="Size">Channels d of a head.</param>
internal readonly record struct HeadLayout(int Batch, int Heads, int Size)
{
    internal int Channels => Heads * Size;
}

/// <summary>How attention weighs keys.</summary>
/// <param name="Clip">The step of a weight, for each head.</param>
/// <param name="Levels">Steps at most.</param>
/// <param name="Temperature">What scores are multiplied by, for each head; null where that is 1.</param>
/// <param name="MaskDiagonal">Whether queries and keys are the same tokens and none attends to itself.</param>
/// <param name="Bias">What is added to integer scores, which stay between -d and d, <c>[h, N, Nk]</c>; null for nothing.</param>
/// <param name="Zero">The zero point of each head, in steps; null for 0.</param>
internal sealed record AttentionForm(HeadLayout Layout, float[] Clip, int Levels, float[]? Temperature, bool MaskDiagonal, float[]? Bias = null, float[]? Zero = null)
{
    /// <summary>What a head's integer scores are multiplied by.</summary>
    internal float Unit(int head) => (Temperature?[head] ?? 1) * (1 / MathF.Sqrt(Layout.Size));
}

/// <summary>The element-wise passes of binary attention, by head.</summary>
/// <typeparam name="T">Element type of the products.</typeparam>
internal static class AttentionKernels<T> where T : struct, ILanes
{
    /// <summary>Tokens <c>[B*N, C]</c> → heads <c>[B*h, N, d]</c>: the signs of <c>x + move</c>, or without a move x itself.</summary>
    internal static Tensor ToHeads(Tensor x, Tensor? move, HeadLayout layout)
    {
        int tokens = (int)x.shape[0] / layout.Batch;
        Tensor result = torch.empty(layout.Batch * layout.Heads, tokens, layout.Size, dtype: T.Type);
        var fromMemory = new TensorMemory(x);
        var mMemory = new TensorMemory(move ?? x);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run((int)x.shape[0], (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte m = ref mMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                for (int c = 0; c < layout.Channels; c += Lanes.Count)
                {
                    Vector512<float> v = Lanes.Load(ref from, (nuint)((row * layout.Channels) + c));
                    if (move is not null)
                    {
                        v = BranchKernels<T>.Sign(v + Lanes.Load(ref m, (nuint)c));
                    }

                    T.Store(v, ref to, At(row, c, tokens, layout));
                }
            }
        });
        return result;
    }

    /// <summary>Heads → tokens in float, each head times its factor.</summary>
    internal static Tensor ToTokens(Tensor heads, HeadLayout layout, float[] factors)
    {
        int tokens = (int)heads.shape[1];
        int rows = layout.Batch * tokens;
        Tensor result = torch.empty(rows, layout.Channels);
        var fromMemory = new TensorMemory(heads);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run(rows, (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                for (int c = 0; c < layout.Channels; c += Lanes.Count)
                {
                    Vector512<float> v = T.Load(ref from, At(row, c, tokens, layout)) * factors[c / layout.Size];
                    Float32Lanes.Store(v, ref to, (nuint)((row * layout.Channels) + c));
                }
            }
        });
        return result;
    }

    /// <summary>The gradient of tokens from that of their signs by head, each head times its factor, and its sums per channel: that of move.</summary>
    internal static (Tensor ByTokens, double[] ByMove) SignGradient(Tensor byHeads, Tensor x, Tensor move, HeadLayout layout, float[] factors, Surrogate surrogate)
    {
        int rows = (int)x.shape[0];
        int tokens = rows / layout.Batch;
        Tensor result = torch.empty(rows, layout.Channels);
        var gMemory = new TensorMemory(byHeads);
        var fromMemory = new TensorMemory(x);
        var mMemory = new TensorMemory(move);
        var toMemory = new TensorMemory(result);
        double[] sums = ParallelRows.Reduce(rows, layout.Channels, (begin, end, partial) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte from = ref fromMemory.Start;
            ref byte m = ref mMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                for (int c = 0; c < layout.Channels; c += Lanes.Count)
                {
                    nuint at = (nuint)((row * layout.Channels) + c);
                    Vector512<float> slope = surrogate.At(Lanes.Load(ref from, at) + Lanes.Load(ref m, (nuint)c));
                    Vector512<float> v = T.Load(ref g, At(row, c, tokens, layout)) * slope * factors[c / layout.Size];
                    Lanes.Accumulate(partial, c, v);
                    Float32Lanes.Store(v, ref to, at);
                }
            }
        });
        return (result, sums);
    }

    /// <summary>Integer scores <c>[B*h, N, Nk]</c> → levels 0 to <see cref="AttentionForm.Levels"/> of the same shape: the number of j from 1 on for
    /// which softmax of temperature * score / sqrt(d) is above <c>(j - 1/2) * clip</c>.</summary>
    internal static Tensor Levels(Tensor scores, AttentionForm form)
    {
        (int rows, int keys, int perHead) = Shape(scores);
        Tensor result = torch.empty(scores.shape, dtype: T.Type);
        var fromMemory = new TensorMemory(scores);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run(rows, (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte to = ref toMemory.Start;
            float[] exponentials = new float[keys];
            for (int row = begin; row < end; row++)
            {
                nuint at = (nuint)row * (nuint)keys;
                int head = row / perHead % form.Layout.Heads;
                float sum = Exponentials(ref from, at, exponentials, form, head, row % perHead);
                if (form.MaskDiagonal)
                {
                    // At no level, whatever the zero point.
                    exponentials[row % perHead] = float.NegativeInfinity;
                }

                float half = 0.5f * form.Clip[head] * sum;
                Vector512<float> zero = Vector512.Create((form.Zero?[head] ?? 0) * form.Clip[head] * sum);
                for (int j = 0; j < keys; j += Lanes.Count)
                {
                    T.Store(Above(Lanes.Load(exponentials, j) - zero, half, form.Levels), ref to, at + (nuint)j);
                }
            }
        });
        return result;
    }

    /// <summary>How many of <c>half, 3 * half, 5 * half ..</c> 16 values are above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Above(Vector512<float> values, float half, int levels)
    {
        Vector512<float> level = Vector512.GreaterThan(values, Vector512.Create(half)) & Vector512.Create(1f);
        for (int j = 1; j < levels; j++)
        {
            level += Vector512.GreaterThan(values, Vector512.Create(((2 * j) + 1) * half)) & Vector512.Create(1f);
        }

        return level;
    }

    /// <summary>The gradient of the scores from that of the attention values, and per head the gradients of clip and, behind them, of the
    /// temperature, and what passes to the zero point.</summary>
    internal static (Tensor ByScores, double[] ByHead) LevelsGradient(Tensor byAttention, Tensor scores, AttentionForm form)
    {
        (int rows, int keys, int perHead) = Shape(scores);
        Tensor result = torch.empty(scores.shape, dtype: T.Type);
        int heads = form.Layout.Heads;
        float perScore = 1 / MathF.Sqrt(form.Layout.Size);
        var gMemory = new TensorMemory(byAttention);
        var fromMemory = new TensorMemory(scores);
        var toMemory = new TensorMemory(result);
        double[] byHead = ParallelRows.Reduce(rows, 3 * heads, (begin, end, sums) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte from = ref fromMemory.Start;
            ref byte to = ref toMemory.Start;
            float[] p = new float[keys];
            float[] passed = new float[keys];
            for (int row = begin; row < end; row++)
            {
                nuint at = (nuint)row * (nuint)keys;
                int head = row / perHead % heads;
                int own = form.MaskDiagonal ? row % perHead : -1;
                Vector512<float> inverse = Vector512.Create(1 / Exponentials(ref from, at, p, form, head, row % perHead));
                Vector512<float> perClip = Vector512.Create(1 / form.Clip[head]);
                Vector512<float> weighted = Vector512<float>.Zero;
                Vector512<float> clipGradient = Vector512<float>.Zero;
                Vector512<float> passing = Vector512<float>.Zero;
                Vector512<float> zero = Vector512.Create(form.Zero?[head] ?? 0);
                for (int j = 0; j < keys; j += Lanes.Count)
                {
                    Vector512<float> probability = Lanes.Load(p, j) * inverse;
                    Vector512<float> q = (probability * perClip) - zero;
                    Vector512<float> notAbove = Vector512.LessThanOrEqual(q, Vector512.Create((float)form.Levels));
                    Vector512<float> inside = notAbove & Vector512.GreaterThanOrEqual(q, Vector512<float>.Zero);
                    Vector512<float> incoming = T.Load(ref g, at + (nuint)j);
                    if ((uint)(own - j) < (uint)Lanes.Count)
                    {
                        incoming = incoming.WithElement(own - j, 0);
                    }

                    clipGradient += incoming * Vector512.ConditionalSelect(inside, Above(q, 0.5f, form.Levels) - q - zero, Vector512.AndNot(Vector512.Create((float)form.Levels), notAbove));
                    Vector512<float> through = incoming & inside;
                    weighted = Vector512.FusedMultiplyAdd(through, probability, weighted);
                    passing += through;
                    probability.CopyTo(p, j);
                    through.CopyTo(passed, j);
                }
                sums[head] += Vector512.Sum(clipGradient);
                sums[(2 * heads) + head] += Vector512.Sum(passing);
                Vector512<float> mean = Vector512.Create(Vector512.Sum(weighted));
                float unit = form.Unit(head);
                Vector512<float> temperatureGradient = Vector512<float>.Zero;
                for (int j = 0; j < keys; j += Lanes.Count)
                {
                    Vector512<float> byLogit = Lanes.Load(p, j) * (Lanes.Load(passed, j) - mean);
                    if (form.Temperature is not null)
                    {
                        temperatureGradient = Vector512.FusedMultiplyAdd(byLogit, Biased(ref from, at, j, form, head, row % perHead, keys), temperatureGradient);
                    }

                    Vector512<float> byScore = byLogit * unit;
                    if (form.Bias is { } bias)
                    {
                        // Nothing passes where the bias would have led beyond -d or d.
                        Vector512<float> sum = T.Load(ref from, at + (nuint)j) + Lanes.Load(bias, BiasAt(head, row % perHead, j, perHead, keys));
                        byScore &= Vector512.LessThanOrEqual(Vector512.Abs(sum), Vector512.Create((float)form.Layout.Size));
                    }

                    T.Store(byScore, ref to, at + (nuint)j);
                }
                sums[heads + head] += Vector512.Sum(temperatureGradient) * perScore;
            }
        });
        return (result, byHead);
    }

    /// <summary>16 integer scores of a row, with their bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Biased(ref byte scores, nuint at, int j, AttentionForm form, int head, int query, int keys)
    {
        Vector512<float> score = T.Load(ref scores, at + (nuint)j);
        if (form.Bias is not { } bias)
        {
            return score;
        }

        Vector512<float> most = Vector512.Create((float)form.Layout.Size);
        return Vector512.Min(Vector512.Max(score + Lanes.Load(bias, BiasAt(head, query, j, bias.Length / (form.Layout.Heads * keys), keys)), -most), most);
    }

    private static int BiasAt(int head, int query, int key, int queries, int keys) => (((head * queries) + query) * keys) + key;

    /// <summary><c>exp(temperature * (s - d) / sqrt(d))</c> of a row, 0 for its own key where that is masked, and the sum; at most 1 each, so nothing
    /// overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exponentials(ref byte scores, nuint at, float[] result, AttentionForm form, int head, int query)
    {
        int own = form.MaskDiagonal ? query : -1;
        Vector512<float> unit = Vector512.Create(form.Unit(head));
        Vector512<float> top = Vector512.Create((float)form.Layout.Size);
        Vector512<float> sum = Vector512<float>.Zero;
        for (int j = 0; j < result.Length; j += Lanes.Count)
        {
            Vector512<float> e = Vector512.Exp((Biased(ref scores, at, j, form, head, query, result.Length) - top) * unit);
            e.CopyTo(result, j);
            sum += e;
        }
        if (own < 0)
        {
            return Vector512.Sum(sum);
        }

        // Not by subtraction: the own key may be nearly all of the sum.
        result[own] = 0;
        sum = Vector512<float>.Zero;
        for (int j = 0; j < result.Length; j += Lanes.Count)
        {
            sum += Lanes.Load(result, j);
        }

        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint At(int row, int channel, int tokens, HeadLayout layout)
    {
        (int image, int token) = Math.DivRem(row, tokens);
        (int head, int within) = Math.DivRem(channel, layout.Size);
        return (nuint)((((((image * layout.Heads) + head) * tokens) + token) * layout.Size) + within);
    }

    private static (int Rows, int Keys, int PerHead) Shape(Tensor scores) =>
        ((int)(scores.shape[0] * scores.shape[1]), (int)scores.shape[2], (int)scores.shape[1]);
}
