using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>NEON row kernels: epilogues over eight channels of four tokens, in eight registers. What every binary product begins with (its
/// differences, a shortcut, RPReLU) is one piece of code, and the two commonest epilogues of a transformer are loops of their own. The bits are
/// those of <see cref="VectorRowKernel{TLanes, TVector}"/>, the twin of this one, which also does all that is not an epilogue.</summary>
internal sealed unsafe partial class NeonRowKernel : RowKernel
{
    private const int BlockChannels = 8;

    private readonly VectorRowKernel<Lanes128, Vector128<float>> _portable = new();

    internal override int Tokens => 4;

    internal override bool TakesGroupMean(int factor) => factor is 4 or 8;

    internal override void Fuse(EpilogueOp* ops, int count)
    {
        for (EpilogueOp* s = ops; s < ops + count; s++)
        {
            if (s->Kind == EpilogueOpKind.AddRow && s->Factor > 1)
            {
                s->Kind = EpilogueOpKind.AddScattered;
            }
        }

        if (count > 2 && ops[0].Kind == EpilogueOpKind.LoadCounts && ops->Number == 0
            && ops[1].Kind == EpilogueOpKind.AddRow && ops[2].Kind == EpilogueOpKind.RPReLU && ops[2].P0 == null)
        {
            bool hidden = count == 5 && IsPlain(ops[1], ops[3]) && ops[4].Kind == EpilogueOpKind.GroupMean;
            ops->Kind = hidden ? EpilogueOpKind.Hidden : EpilogueOpKind.Neuron;
        }
    }

    internal override void Epilogue(EpilogueOp* ops, int count, int channels)
    {
        if (ops->Kind == EpilogueOpKind.Hidden)
        {
            SignAndMeans(ops, channels);
        }
        else if (ops->Kind == EpilogueOpKind.Neuron && count == 5 && ops[3].Kind == EpilogueOpKind.Store && IsPlain(ops[1], ops[4]))
        {
            StoreAndSign(ops, channels);
        }
        else
        {
            Ops(ops, count, channels);
        }
    }

    /// <summary>The shortcut repeats after a power of two of channels or not at all, and no sign belongs to padding.</summary>
    private static bool IsPlain(in EpilogueOp shortcut, in EpilogueOp sign) =>
        (shortcut.Modulo & (shortcut.Modulo - 1)) == 0 && sign.Kind == EpilogueOpKind.Sign && sign.Channels % 64 == 0;

    /// <summary>The hidden layer of an FFN, which is not stored: signs for the next product, means for its shortcut.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SignAndMeans(EpilogueOp* ops, int channels)
    {
        Vector128<float> base23 = Base23;
        int wrap = ops[1].Modulo - 1;
        if (ops[4].Group == 8)
        {
            for (int c = 0; c < channels; c += BlockChannels)
            {
                Product(ops, c, c & wrap, base23, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1);
                StoreSigns(ops + 3, c, Signs(ops + 3, c, x0, x1));
                StoreEighths(ops + 4, c, x0, x1);
            }

            return;
        }

        for (int c = 0; c < channels; c += BlockChannels)
        {
            Product(ops, c, c & wrap, base23, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1);
            StoreSigns(ops + 3, c, Signs(ops + 3, c, x0, x1));
            StoreQuarters(ops + 4, c, x0, x1);
        }
    }

    /// <summary>A branch of attention: floats for a shortcut, signs for the next product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreAndSign(EpilogueOp* ops, int channels)
    {
        Vector128<float> base23 = Base23;
        int wrap = ops[1].Modulo - 1;
        for (int c = 0; c < channels; c += BlockChannels)
        {
            Product(ops, c, c & wrap, base23, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1);
            Store(ops + 3, c, x0);
            Store(ops + 3, c + 4, x1);
            StoreSigns(ops + 4, c, Signs(ops + 4, c, x0, x1));
        }
    }

    /// <summary>Counts, a shortcut of which channel c lies at <paramref name="at"/>, an RPReLU without shift and offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Product(EpilogueOp* s, int c, int at, Vector128<float> base23, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        Counts(s, c, base23, out x0, out x1);
        x0 = Affine(s, c, x0);
        x1 = Affine(s, c + 4, x1);
        x0 = Add(x0, Row(s + 1, at));
        x1 = Add(x1, Row(s + 1, at + 4));
        x0 = Leaky(s + 2, c, x0);
        x1 = Leaky(s + 2, c + 4, x1);
    }

    [SuppressMessage("Maintainability", "CA1502", Justification = "One loop over the ops keeps the block of channels in registers across the cases.")]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Ops(EpilogueOp* ops, int count, int channels)
    {
        Column<Vector128<float>> x0 = default;
        Column<Vector128<float>> x1 = default;
        Vector128<float> base23 = Base23;
        EpilogueOp* end = ops + count;
        for (int c = 0; c < channels; c += BlockChannels)
        {
            for (EpilogueOp* s = ops; s < end; s++)
            {
                switch (s->Kind)
                {
                    case EpilogueOpKind.Neuron:
                        Product(s, c, Wrap(s + 1, c), base23, out x0, out x1);
                        s += 2;
                        break;

                    case EpilogueOpKind.Load:
                        {
                            int at = Wrap(s, c);
                            x0 = s->Factor > 1 ? Scattered(s, at) : Row(s, at);
                            x1 = s->Factor > 1 ? Scattered(s, at + 4) : Row(s, at + 4);
                            break;
                        }

                    case EpilogueOpKind.AddRow:
                        {
                            int at = Wrap(s, c);
                            x0 = Add(x0, Row(s, at));
                            x1 = Add(x1, Row(s, at + 4));
                            break;
                        }

                    case EpilogueOpKind.AddScattered:
                        x0 = Add(x0, Scattered(s, c));
                        x1 = Add(x1, Scattered(s, c + 4));
                        break;

                    case EpilogueOpKind.LoadDifferences:
                        LoadDifferences(s, c, out x0, out x1);
                        break;

                    case EpilogueOpKind.LoadCounts:
                        LoadCounts(s, c, out x0, out x1);
                        break;

                    case EpilogueOpKind.LoadPool:
                        Pool(s, c, out x0, out x1);
                        break;

                    case EpilogueOpKind.LoadShift:
                        x0 = Shifted(s, c);
                        x1 = Shifted(s, c + 4);
                        break;

                    case EpilogueOpKind.AddShift:
                        {
                            Column<Vector128<float>> r0 = Shifted(s, c);
                            Column<Vector128<float>> r1 = Shifted(s, c + 4);
                            x0 = s->P1 == null ? Scaled(s, c, r0, x0) : Add(x0, Affine(s, c, r0));
                            x1 = s->P1 == null ? Scaled(s, c + 4, r1, x1) : Add(x1, Affine(s, c + 4, r1));
                            break;
                        }

                    case EpilogueOpKind.ScaleAddRow:
                        {
                            int at = Wrap(s, c);
                            x0 = Scaled(s, c, x0, Row(s, at));
                            x1 = Scaled(s, c + 4, x1, Row(s, at + 4));
                            break;
                        }

                    case EpilogueOpKind.AddScaledRow:
                        {
                            int at = Wrap(s, c);
                            x0 = Scaled(s, c, s->Factor > 1 ? Scattered(s, at) : Row(s, at), x0);
                            x1 = Scaled(s, c + 4, s->Factor > 1 ? Scattered(s, at + 4) : Row(s, at + 4), x1);
                            break;
                        }

                    case EpilogueOpKind.AddPool:
                        {
                            Pool(s, c, out Column<Vector128<float>> p0, out Column<Vector128<float>> p1);
                            x0 = s->P1 == null ? Scaled(s, c, p0, x0) : Add(x0, Affine(s, c, p0));
                            x1 = s->P1 == null ? Scaled(s, c + 4, p1, x1) : Add(x1, Affine(s, c + 4, p1));
                            break;
                        }

                    case EpilogueOpKind.Affine:
                        x0 = Affine(s, c, x0);
                        x1 = Affine(s, c + 4, x1);
                        break;

                    case EpilogueOpKind.RPReLU when s->P0 == null:
                        x0 = Leaky(s, c, x0);
                        x1 = Leaky(s, c + 4, x1);
                        break;

                    case EpilogueOpKind.RPReLU:
                        x0 = RPReLU(s, c, x0);
                        x1 = RPReLU(s, c + 4, x1);
                        break;

                    case EpilogueOpKind.Store:
                        Store(s, c, x0);
                        Store(s, c + 4, x1);
                        break;

                    case EpilogueOpKind.GroupMean:
                        if (s->Group == 8)
                        {
                            StoreEighths(s, c, x0, x1);
                        }
                        else
                        {
                            StoreQuarters(s, c, x0, x1);
                        }

                        break;

                    default:
                        StoreSigns(s, c, Signs(s, c, x0, x1) & RealChannels(s->Channels - c));
                        break;
                }
            }
        }
    }

    internal override void GroupMean(float* input, float* output, int channels, int factor, float inverse) =>
        _portable.GroupMean(input, output, channels, factor, inverse);

    internal override void Multiply(float* values, int valueStride, int* indices, int count, float* weights, float* bias, int outputs, float* result, int tokens) =>
        _portable.Multiply(values, valueStride, indices, count, weights, bias, outputs, result, tokens);
}
