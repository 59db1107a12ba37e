using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>The row kernels, written once for all vector widths. A block of a product is four vectors of each of a few tokens, which hides the
/// latency of one fused multiply-add.</summary>
internal sealed unsafe class LaneRowKernel<TLanes, TVector> : RowKernel
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    internal override int Tokens => TLanes.Tokens;

    internal override int GroupLanes => typeof(TLanes) == typeof(Lanes128) && AdvSimd.Arm64.IsSupported ? NeonHiddenLayer.Lanes : 0;

    internal override bool TakesGroupMean(int factor) => TLanes.Tokens > 1 && (factor is 4 or 8);

    internal override delegate*<Slot*, uint, int, void> Epilogue(ReadOnlySpan<Slot> slots) =>
        slots[Slots.Source].Group > 0 ? &NeonHiddenLayer.Run : EpilogueKernel<TLanes, TVector>.Of(slots);

    internal override void Multiply(float* values, int valueStride, int* indices, int count, float* weights, float* bias, int outputs, float* result, int tokens)
    {
        // Two methods, so that a network whose only float product is its classifier has the second alone compiled.
        int t = 0;
        for (; t + 2 <= tokens; t += 2)
        {
            MultiplyTwo(values + ((long)t * valueStride), valueStride, indices, count, weights, bias, outputs, result + ((long)t * outputs));
        }

        if (t < tokens)
        {
            MultiplyOne(values + ((long)t * valueStride), indices, count, weights, bias, outputs, result + ((long)t * outputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTwo(float* first, int valueStride, int* indices, int count, float* weights, float* bias, int outputs, float* result)
    {
        int n = TLanes.Count;
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

            StoreBlock(result + o, n, a0, a1, a2, a3);
            StoreBlock(result + outputs + o, n, b0, b1, b2, b3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne(float* values, int* indices, int count, float* weights, float* bias, int outputs, float* result)
    {
        int n = TLanes.Count;
        for (int o = 0; o < outputs; o += 4 * n)
        {
            TVector a0 = TLanes.Load(bias + o);
            TVector a1 = TLanes.Load(bias + o + n);
            TVector a2 = TLanes.Load(bias + o + (2 * n));
            TVector a3 = TLanes.Load(bias + o + (3 * n));
            for (int i = 0; i < count; i++)
            {
                float* w = weights + ((long)indices[i] * outputs) + o;
                TVector x = TLanes.Broadcast(values[i]);
                a0 = TLanes.Fma(x, TLanes.Load(w), a0);
                a1 = TLanes.Fma(x, TLanes.Load(w + n), a1);
                a2 = TLanes.Fma(x, TLanes.Load(w + (2 * n)), a2);
                a3 = TLanes.Fma(x, TLanes.Load(w + (3 * n)), a3);
            }

            StoreBlock(result + o, n, a0, a1, a2, a3);
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
}
