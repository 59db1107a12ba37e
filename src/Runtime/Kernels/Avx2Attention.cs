using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX2: 32 keys a comparison.</summary>
internal sealed unsafe class Avx2Attention : TableAttention
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Select(ushort* differences, int count, int most, ulong* attended)
    {
        Vector256<short> above = Vector256.Create((short)(most + 1));
        for (int j = 0; j < count; j += 64)
        {
            ulong bits = Bits(differences + j, above) | (Bits(differences + j + 32, above) << 32);
            attended[j >> 6] = count - j < 64 ? bits & ((1UL << (count - j)) - 1) : bits;
        }
    }

    // The pack interleaves 128-bit lanes; the permute puts them in order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bits(ushort* differences, Vector256<short> above)
    {
        Vector256<short> low = Vector256.GreaterThan(above, Vector256.Load((short*)differences));
        Vector256<short> high = Vector256.GreaterThan(above, Vector256.Load((short*)differences + 16));
        return Avx2.Permute4x64(Avx2.PackSignedSaturate(low, high).AsInt64(), 0xD8).AsByte().ExtractMostSignificantBits();
    }
}
