using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>The row kernels, written once for all vector widths. A block is four vectors, which hides the latency of one fused
/// multiply-add.</summary>
internal sealed unsafe class VectorRowKernel<TLanes, TVector> : RowKernel
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Chain(Stage* stages, int count, int channels)
    {
        int n = TLanes.Count;
        TVector zero = TLanes.Broadcast(0f);
        TVector x0 = zero;
        TVector x1 = zero;
        TVector x2 = zero;
        TVector x3 = zero;
        Stage* end = stages + count;
        for (int c = 0; c < channels; c += 4 * n)
        {
            for (Stage* s = stages; s < end; s++)
            {
                switch (s->Kind)
                {
                    case StageKind.Load:
                        {
                            float* row = Floats(s, c);
                            x0 = TLanes.Load(row);
                            x1 = TLanes.Load(row + n);
                            x2 = TLanes.Load(row + (2 * n));
                            x3 = TLanes.Load(row + (3 * n));
                            break;
                        }

                    case StageKind.AddRow:
                        {
                            float* row = Floats(s, c);
                            x0 = TLanes.Add(x0, TLanes.Load(row));
                            x1 = TLanes.Add(x1, TLanes.Load(row + n));
                            x2 = TLanes.Add(x2, TLanes.Load(row + (2 * n)));
                            x3 = TLanes.Add(x3, TLanes.Load(row + (3 * n)));
                            break;
                        }

                    case StageKind.LoadDifferences:
                        {
                            // K - 2 * count is an integer below 2^17: the fused multiply-add that computes it is exact.
                            ushort* row = (ushort*)s->Row + c;
                            TVector k = TLanes.Broadcast(s->Number);
                            TVector minusTwo = TLanes.Broadcast(-2f);
                            x0 = Affine(s, c, TLanes.Fma(TLanes.FromUnsigned(row), minusTwo, k));
                            x1 = Affine(s, c + n, TLanes.Fma(TLanes.FromUnsigned(row + n), minusTwo, k));
                            x2 = Affine(s, c + (2 * n), TLanes.Fma(TLanes.FromUnsigned(row + (2 * n)), minusTwo, k));
                            x3 = Affine(s, c + (3 * n), TLanes.Fma(TLanes.FromUnsigned(row + (3 * n)), minusTwo, k));
                            break;
                        }

                    case StageKind.LoadCounts:
                        {
                            short* row = (short*)s->Row + c;
                            x0 = Affine(s, c, TLanes.FromSigned(row));
                            x1 = Affine(s, c + n, TLanes.FromSigned(row + n));
                            x2 = Affine(s, c + (2 * n), TLanes.FromSigned(row + (2 * n)));
                            x3 = Affine(s, c + (3 * n), TLanes.FromSigned(row + (3 * n)));
                            break;
                        }

                    case StageKind.LoadPool or StageKind.AddPool:
                        {
                            TVector p0 = zero;
                            TVector p1 = zero;
                            TVector p2 = zero;
                            TVector p3 = zero;
                            PoolRange range = s->Range;
                            for (int y = range.Top; y < range.Bottom; y++)
                            {
                                float* row = (float*)(s->Origin + ((((long)y * s->GridWidth) + range.Left) * s->Stride)) + c;
                                for (int x = range.Left; x < range.Right; x++)
                                {
                                    p0 = TLanes.Add(p0, TLanes.Load(row));
                                    p1 = TLanes.Add(p1, TLanes.Load(row + n));
                                    p2 = TLanes.Add(p2, TLanes.Load(row + (2 * n)));
                                    p3 = TLanes.Add(p3, TLanes.Load(row + (3 * n)));
                                    row = (float*)((byte*)row + s->Stride);
                                }
                            }

                            TVector factor = TLanes.Broadcast(s->Number);
                            p0 = TLanes.Multiply(p0, factor);
                            p1 = TLanes.Multiply(p1, factor);
                            p2 = TLanes.Multiply(p2, factor);
                            p3 = TLanes.Multiply(p3, factor);
                            if (s->Kind == StageKind.LoadPool)
                            {
                                (x0, x1, x2, x3) = (p0, p1, p2, p3);
                                break;
                            }

                            x0 = TLanes.Add(x0, Affine(s, c, p0));
                            x1 = TLanes.Add(x1, Affine(s, c + n, p1));
                            x2 = TLanes.Add(x2, Affine(s, c + (2 * n), p2));
                            x3 = TLanes.Add(x3, Affine(s, c + (3 * n), p3));
                            break;
                        }

                    case StageKind.Affine:
                        x0 = Affine(s, c, x0);
                        x1 = Affine(s, c + n, x1);
                        x2 = Affine(s, c + (2 * n), x2);
                        x3 = Affine(s, c + (3 * n), x3);
                        break;

                    case StageKind.RPReLU:
                        x0 = RPReLU(s, c, x0);
                        x1 = RPReLU(s, c + n, x1);
                        x2 = RPReLU(s, c + (2 * n), x2);
                        x3 = RPReLU(s, c + (3 * n), x3);
                        break;

                    case StageKind.Store:
                        {
                            float* row = (float*)s->Row + c;
                            TLanes.Store(row, x0);
                            TLanes.Store(row + n, x1);
                            TLanes.Store(row + (2 * n), x2);
                            TLanes.Store(row + (3 * n), x3);
                            break;
                        }

                    default:
                        {
                            float* shift = s->P0 + c;
                            ulong mask = TLanes.SignMask(TLanes.Add(x0, TLanes.Load(shift)));
                            mask |= TLanes.SignMask(TLanes.Add(x1, TLanes.Load(shift + n))) << n;
                            mask |= TLanes.SignMask(TLanes.Add(x2, TLanes.Load(shift + (2 * n)))) << (2 * n);
                            mask |= TLanes.SignMask(TLanes.Add(x3, TLanes.Load(shift + (3 * n)))) << (3 * n);
                            int real = s->Channels - c;
                            if (real < 4 * n)
                            {
                                mask &= real <= 0 ? 0 : (1UL << real) - 1;
                            }

                            TLanes.StoreSigns(s->Row, c, mask);
                            break;
                        }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void GroupMean(float* input, float* output, int channels, int factor, float inverse)
    {
        int n = TLanes.Count;
        TVector scale = TLanes.Broadcast(inverse);
        int c = 0;
        if (factor is 2 or 4 or 8)
        {
            for (; c + n <= channels; c += n)
            {
                TLanes.Store(output + c, TLanes.Multiply(Sums(input + (c * factor), factor, n), scale));
            }
        }

        for (; c < channels; c++)
        {
            float sum = 0;
            for (int j = 0; j < factor; j++)
            {
                sum += input[(c * factor) + j];
            }

            output[c] = sum * inverse;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Multiply(float* values, int valueStride, int* indices, int count, float* weights, float* bias, int outputs, float* result, int tokens)
    {
        int n = TLanes.Count;
        int t = 0;
        for (; t + 2 <= tokens; t += 2)
        {
            float* first = values + ((long)t * valueStride);
            float* second = first + valueStride;
            for (int o = 0; o < outputs; o += 4 * n)
            {
                TVector a0 = TLanes.Load(bias + o);
                TVector a1 = TLanes.Load(bias + o + n);
                TVector a2 = TLanes.Load(bias + o + (2 * n));
                TVector a3 = TLanes.Load(bias + o + (3 * n));
                (TVector b0, TVector b1, TVector b2, TVector b3) = (a0, a1, a2, a3);
                for (int i = 0; i < count; i++)
                {
                    float* w = weights + ((long)indices[i] * outputs) + o;
                    TVector x = TLanes.Broadcast(first[i]);
                    TVector y = TLanes.Broadcast(second[i]);
                    TVector w0 = TLanes.Load(w);
                    TVector w1 = TLanes.Load(w + n);
                    TVector w2 = TLanes.Load(w + (2 * n));
                    TVector w3 = TLanes.Load(w + (3 * n));
                    a0 = TLanes.Fma(x, w0, a0);
                    a1 = TLanes.Fma(x, w1, a1);
                    a2 = TLanes.Fma(x, w2, a2);
                    a3 = TLanes.Fma(x, w3, a3);
                    b0 = TLanes.Fma(y, w0, b0);
                    b1 = TLanes.Fma(y, w1, b1);
                    b2 = TLanes.Fma(y, w2, b2);
                    b3 = TLanes.Fma(y, w3, b3);
                }

                float* row = result + ((long)t * outputs) + o;
                StoreBlock(row, n, a0, a1, a2, a3);
                StoreBlock(row + outputs, n, b0, b1, b2, b3);
            }
        }

        for (; t < tokens; t++)
        {
            float* first = values + ((long)t * valueStride);
            for (int o = 0; o < outputs; o += 4 * n)
            {
                TVector a0 = TLanes.Load(bias + o);
                TVector a1 = TLanes.Load(bias + o + n);
                TVector a2 = TLanes.Load(bias + o + (2 * n));
                TVector a3 = TLanes.Load(bias + o + (3 * n));
                for (int i = 0; i < count; i++)
                {
                    float* w = weights + ((long)indices[i] * outputs) + o;
                    TVector x = TLanes.Broadcast(first[i]);
                    a0 = TLanes.Fma(x, TLanes.Load(w), a0);
                    a1 = TLanes.Fma(x, TLanes.Load(w + n), a1);
                    a2 = TLanes.Fma(x, TLanes.Load(w + (2 * n)), a2);
                    a3 = TLanes.Fma(x, TLanes.Load(w + (3 * n)), a3);
                }

                StoreBlock(result + ((long)t * outputs) + o, n, a0, a1, a2, a3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBlock(float* row, int n, TVector a0, TVector a1, TVector a2, TVector a3)
    {
        TLanes.Store(row, a0);
        TLanes.Store(row + n, a1);
        TLanes.Store(row + (2 * n), a2);
        TLanes.Store(row + (3 * n), a3);
    }

    /// <summary>Sums of 2, 4 or 8 adjacent floats for n outputs: unzipping log2(factor) times puts element j of every group into one
    /// vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sums(float* at, int factor, int n)
    {
        TVector zero = TLanes.Broadcast(0f);
        if (factor == 2)
        {
            (TVector even, TVector odd) = TLanes.Unzip(TLanes.Load(at), TLanes.Load(at + n));
            return TLanes.Add(TLanes.Add(zero, even), odd);
        }

        (TVector v0, TVector v1, TVector v2, TVector v3) = Quarters(at, n);
        if (factor == 4)
        {
            return TLanes.Add(TLanes.Add(TLanes.Add(TLanes.Add(zero, v0), v1), v2), v3);
        }

        // v_j holds elements j and j + 4 of n / 2 groups; w_j the same of the other half of the groups, four vectors further.
        (TVector w0, TVector w1, TVector w2, TVector w3) = Quarters(at + (4 * n), n);
        (TVector f0, TVector f4) = TLanes.Unzip(v0, w0);
        (TVector f1, TVector f5) = TLanes.Unzip(v1, w1);
        (TVector f2, TVector f6) = TLanes.Unzip(v2, w2);
        (TVector f3, TVector f7) = TLanes.Unzip(v3, w3);
        TVector sum = TLanes.Add(TLanes.Add(TLanes.Add(TLanes.Add(zero, f0), f1), f2), f3);
        return TLanes.Add(TLanes.Add(TLanes.Add(TLanes.Add(sum, f4), f5), f6), f7);
    }

    /// <summary>Vector j holds the floats with index j mod 4 of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TVector V0, TVector V1, TVector V2, TVector V3) Quarters(float* at, int n)
    {
        (TVector e0, TVector o0) = TLanes.Unzip(TLanes.Load(at), TLanes.Load(at + n));
        (TVector e1, TVector o1) = TLanes.Unzip(TLanes.Load(at + (2 * n)), TLanes.Load(at + (3 * n)));
        (TVector v0, TVector v2) = TLanes.Unzip(e0, e1);
        (TVector v1, TVector v3) = TLanes.Unzip(o0, o1);
        return (v0, v1, v2, v3);
    }

    /// <summary>The block of a row that meets channel c; a row that repeats after a power of two of channels is spared the division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Floats(Stage* s, int c)
    {
        int modulo = s->Modulo;
        int at = c;
        if (modulo != 0)
        {
            at = (modulo & (modulo - 1)) == 0 ? c & (modulo - 1) : (int)((uint)c % (uint)modulo);
        }

        return (float*)s->Row + at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Affine(Stage* s, int c, TVector x) => TLanes.Fma(TLanes.Load(s->P0 + c), x, TLanes.Load(s->P1 + c));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector RPReLU(Stage* s, int c, TVector x)
    {
        TVector u = TLanes.Subtract(x, TLanes.Load(s->P0 + c));
        return TLanes.Add(TLanes.SelectPositive(u, TLanes.Multiply(TLanes.Load(s->P1 + c), u)), TLanes.Load(s->P2 + c));
    }
}
