using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>Epilogues. A block of two vectors x <see cref="Tokens"/> tokens stays in registers from op to op; column j holds
/// vector j of every token, so that a parameter vector is loaded once for all tokens.</content>
internal sealed unsafe partial class VectorRowKernel<TLanes, TVector>
{
    internal override int Tokens => TLanes.Tokens;

    internal override bool TakesGroupMean(int factor) => TLanes.Tokens > 1 && (factor is 4 or 8);

    [SuppressMessage("Maintainability", "CA1502", Justification = "A pattern is recognised by the kinds of several ops at once.")]
    internal override void Fuse(EpilogueOp* ops, int count)
    {
        for (int i = 0; i < count; i++)
        {
            EpilogueOp* s = ops + i;
            if (s->Kind == EpilogueOpKind.AddRow && s->Factor > 1)
            {
                s->Kind = EpilogueOpKind.AddScattered;
            }
            else if (s->Kind == EpilogueOpKind.RPReLU && s->P0 == null)
            {
                s->Kind = EpilogueOpKind.Leaky;
            }
            else if (s->Kind == EpilogueOpKind.LoadCounts && i + 2 < count
                && s[1].Kind == EpilogueOpKind.AddRow && s[1].Factor <= 1 && s[2].Kind == EpilogueOpKind.RPReLU && s[2].P0 == null)
            {
                bool hidden = i == 0 && count == 5 && s[3].Kind == EpilogueOpKind.Sign && s[4].Kind == EpilogueOpKind.GroupMean;
                s->Kind = hidden ? EpilogueOpKind.Hidden : EpilogueOpKind.Neuron;
            }
        }
    }

    [SuppressMessage("Maintainability", "CA1502", Justification = "One loop over the ops keeps the block of channels in registers across the cases.")]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Epilogue(EpilogueOp* ops, int count, int channels)
    {
        if (ops->Kind == EpilogueOpKind.Hidden)
        {
            Hidden(ops, channels);
            return;
        }

        float* block = stackalloc float[EpilogueOp.MaxTokens * 32];
        nint n = TLanes.Count;
        Column<TVector> x0 = default;
        Column<TVector> x1 = default;
        EpilogueOp* end = ops + count;
        for (nint c = 0; c < channels; c += 2 * n)
        {
            for (EpilogueOp* s = ops; s < end; s++)
            {
                switch (s->Kind)
                {
                    case EpilogueOpKind.Neuron:
                        {
                            nint at = Wrap(s + 1, c);
                            x0 = Leaky(s + 2, c, Add(Counts(s, c), Row(s + 1, at)));
                            x1 = Leaky(s + 2, c + n, Add(Counts(s, c + n), Row(s + 1, at + n)));
                            s += 2;
                            break;
                        }

                    case EpilogueOpKind.Load:
                        {
                            nint at = Wrap(s, c);
                            x0 = s->Factor > 1 ? Scattered(s, at) : Row(s, at);
                            x1 = s->Factor > 1 ? Scattered(s, at + n) : Row(s, at + n);
                            break;
                        }

                    case EpilogueOpKind.AddRow:
                        {
                            nint at = Wrap(s, c);
                            x0 = Add(x0, Row(s, at));
                            x1 = Add(x1, Row(s, at + n));
                            break;
                        }

                    case EpilogueOpKind.AddScattered:
                        x0 = Add(x0, Scattered(s, c));
                        x1 = Add(x1, Scattered(s, c + n));
                        break;

                    case EpilogueOpKind.LoadCounts:
                        x0 = Counts(s, c);
                        x1 = Counts(s, c + n);
                        break;

                    case EpilogueOpKind.LoadPool:
                        x0 = Pool(s, c);
                        x1 = Pool(s, c + n);
                        break;

                    case EpilogueOpKind.LoadShift:
                        x0 = Shifted(s, c);
                        x1 = Shifted(s, c + n);
                        break;

                    case EpilogueOpKind.AddShift:
                        {
                            Column<TVector> r0 = Shifted(s, c);
                            Column<TVector> r1 = Shifted(s, c + n);
                            x0 = s->P1 == null ? Scaled(s, c, r0, x0) : Add(x0, Affine(s, c, r0));
                            x1 = s->P1 == null ? Scaled(s, c + n, r1, x1) : Add(x1, Affine(s, c + n, r1));
                            break;
                        }

                    case EpilogueOpKind.AddPool:
                        {
                            Column<TVector> p0 = Pool(s, c);
                            Column<TVector> p1 = Pool(s, c + n);
                            x0 = s->P1 == null ? Scaled(s, c, p0, x0) : Add(x0, Affine(s, c, p0));
                            x1 = s->P1 == null ? Scaled(s, c + n, p1, x1) : Add(x1, Affine(s, c + n, p1));
                            break;
                        }

                    case EpilogueOpKind.ScaleAddRow:
                        {
                            nint at = Wrap(s, c);
                            x0 = Scaled(s, c, x0, Row(s, at));
                            x1 = Scaled(s, c + n, x1, Row(s, at + n));
                            break;
                        }

                    case EpilogueOpKind.AddScaledRow or EpilogueOpKind.LoadDifferences or EpilogueOpKind.RPReLU:
                        {
                            // Copies: a variable whose address is taken lives in memory throughout.
                            Column<TVector> y0 = Rare(s, c, x0);
                            Column<TVector> y1 = Rare(s, c + n, x1);
                            (x0.A, x0.B, x0.C, x0.D) = (y0.A, y0.B, y0.C, y0.D);
                            (x1.A, x1.B, x1.C, x1.D) = (y1.A, y1.B, y1.C, y1.D);
                            break;
                        }

                    case EpilogueOpKind.Affine:
                        x0 = Affine(s, c, x0);
                        x1 = Affine(s, c + n, x1);
                        break;

                    case EpilogueOpKind.Leaky:
                        x0 = Leaky(s, c, x0);
                        x1 = Leaky(s, c + n, x1);
                        break;

                    case EpilogueOpKind.Store:
                        Store((float*)s->Rows[0] + c, (nint)s->Step / sizeof(float), x0);
                        Store((float*)s->Rows[0] + c + n, (nint)s->Step / sizeof(float), x1);
                        break;

                    case EpilogueOpKind.GroupMean:
                        if (TLanes.Tokens > 1)
                        {
                            Store(block, 2 * n, x0);
                            Store(block + n, 2 * n, x1);
                            StoreMeans(s, c, block, 2 * (int)n);
                        }

                        break;

                    default:
                        StoreSigns(s, c, x0, x1);
                        break;
                }
            }
        }
    }

    /// <summary>The hidden layer of an FFN, which is the most of all float work: a neuron, its sign, and the group mean.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Hidden(EpilogueOp* s, int channels)
    {
        nint n = TLanes.Count;
        for (nint c = 0; c < channels; c += 2 * n)
        {
            nint at = Wrap(s + 1, c);
            Column<TVector> x0 = Leaky(s + 2, c, Add(Counts(s, c), Row(s + 1, at)));
            Column<TVector> x1 = Leaky(s + 2, c + n, Add(Counts(s, c + n), Row(s + 1, at + n)));
            StoreSigns(s + 3, c, x0, x1);
            StoreMeans(s + 4, c, x0, x1);
        }
    }
}
