using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>Looks for NaN and infinities: the numbers whose exponent's bits are all 1.</summary>
/// <remarks>128-bit vectors, not wider ones: these are compiled ahead of time, and the scan waits for memory anyway.</remarks>
internal static class FiniteScan
{
    private const uint SingleExponent = 0x7F800000;
    private const ushort HalfExponent = 0x7C00;

    internal static bool AllFinite(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        ref uint first = ref MemoryMarshal.GetReference(bits);
        Vector128<uint> exponent = Vector128.Create(SingleExponent);
        Vector128<uint> found = Vector128<uint>.Zero;
        int i = 0;
        for (; i + 4 <= bits.Length; i += 4)
        {
            found |= Vector128.Equals(Vector128.LoadUnsafe(ref first, (nuint)i) & exponent, exponent);
        }

        bool finite = found == Vector128<uint>.Zero;
        for (; i < bits.Length; i++)
        {
            finite &= (bits[i] & SingleExponent) != SingleExponent;
        }

        return finite;
    }

    internal static bool AllFinite(ReadOnlySpan<Half> values)
    {
        ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<Half, ushort>(values);
        ref ushort first = ref MemoryMarshal.GetReference(bits);
        Vector128<ushort> exponent = Vector128.Create(HalfExponent);
        Vector128<ushort> found = Vector128<ushort>.Zero;
        int i = 0;
        for (; i + 8 <= bits.Length; i += 8)
        {
            found |= Vector128.Equals(Vector128.LoadUnsafe(ref first, (nuint)i) & exponent, exponent);
        }

        bool finite = found == Vector128<ushort>.Zero;
        for (; i < bits.Length; i++)
        {
            finite &= (bits[i] & HalfExponent) != HalfExponent;
        }

        return finite;
    }
}
