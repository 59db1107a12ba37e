using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>NEON: differing bits by table. Five bits of two tokens, a and b, choose a table of 32 bytes, popcount(a ^ w) + 16 * popcount(b ^ w); five
/// bits of a weight choose the entry, so that one TBL of two registers counts both tokens against sixteen outputs. For cores whose TBL takes one
/// pass for two registers: see <see cref="ArmCores"/>.</summary>
/// <remarks>Weights <c>[inputs / 255][outputs / 64][groups][64 outputs]</c>, five bits a byte; activations five bits a byte. Three look-ups add up to
/// at most 15 in either half of a byte, its limit; their sum goes to one accumulator, which may wrap, its upper half to another. Both hold a chunk of
/// 255 bits, the limit of a byte. The upper one is the second token's count, and the first one's is what 16 times that leaves of the other, modulo
/// 256. Chunks add up in 16 bits, at most <see cref="GraphValidator.MaxInputs"/>. Groups behind the row are 0 on both sides. The last token of an
/// odd number is a pair with itself. Scalar twin: <see cref="ScalarBitKernel"/>.</remarks>
internal sealed unsafe class NeonTableBitKernel : BitKernel
{
    private const int BlockOutputs = 64;
    private const int Bits = 5;
    private const int Entries = 1 << Bits;

    /// <summary>Look-ups that fit half a byte.</summary>
    private const int Together = 3;

    /// <summary>Groups whose counts fit a byte.</summary>
    private const int ChunkGroups = 51;

    /// <summary>Fewest outputs that pay for making the tables.</summary>
    private const int FewestOutputs = 256;

    /// <summary>Bytes of a row behind which there is room for a pair's tables.</summary>
    private const int RowBytes = 4096;

    private static readonly byte* s_first = Make(1);
    private static readonly byte* s_second = Make(16);

    private readonly NeonBitKernel _few = new();

    internal override BitKernel For(int outputs) => outputs < FewestOutputs ? _few : this;

    internal override long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) * Groups(inputs);

    internal override void Pack(ulong* words, int outputs, int inputs, byte* packed)
    {
        int n = (inputs + 63) >> 6;
        int groups = Groups(inputs);
        int padded = ValueShape.Pad(outputs);
        ulong* row = stackalloc ulong[(GraphValidator.MaxInputs / 64) + 8];
        byte* expanded = stackalloc byte[RowBytes];
        for (int o = 0; o < outputs; o++)
        {
            new ReadOnlySpan<ulong>(words + ((long)o * n), n).CopyTo(new Span<ulong>(row, n));
            Expand(row, inputs, expanded);
            for (int first = 0; first < groups; first += ChunkGroups)
            {
                int count = Math.Min(ChunkGroups, groups - first);
                byte* to = packed + ((long)first * padded) + (o / BlockOutputs * BlockOutputs * count) + (o % BlockOutputs);
                for (int g = 0; g < count; g++)
                {
                    to[g * BlockOutputs] = expanded[first + g];
                }
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Ten bytes are sixteen groups of five bits: two bytes go into each 16-bit lane, a shift brings its group down.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Expand(ulong* row, int inputs, byte* expanded)
    {
        Vector128<byte> lower = Vector128.Create((byte)0, 1, 0, 1, 1, 2, 1, 2, 2, 3, 3, 4, 3, 4, 4, 5);
        Vector128<byte> upper = lower + Vector128.Create((byte)Bits);
        Vector128<short> down = Vector128.Create(0, -5, -2, -7, -4, -1, -6, -3);
        Vector128<byte> five = Vector128.Create((byte)(Entries - 1));
        int bytes = ((inputs + 63) >> 6) * 8;
        byte* source = (byte*)row;
        for (int at = 0; at < bytes; at += 2 * Bits, expanded += 16)
        {
            Vector128<byte> x = AdvSimd.LoadVector128(source + at);
            if (bytes - at < 16)
            {
                // Behind the row lies the next one; its bits must not count.
                x &= Vector128.LessThan(Vector128<byte>.Indices, Vector128.Create((byte)(bytes - at)));
            }

            Vector128<ushort> first = AdvSimd.ShiftLogical(AdvSimd.Arm64.VectorTableLookup(x, lower).AsUInt16(), down);
            Vector128<ushort> second = AdvSimd.ShiftLogical(AdvSimd.Arm64.VectorTableLookup(x, upper).AsUInt16(), down);
            AdvSimd.Store(expanded, AdvSimd.Arm64.UnzipEven(first.AsByte(), second.AsByte()) & five);
        }

        AdvSimd.Store(expanded, Vector128<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int groups = Groups(inputs);
        for (int first = 0; first < groups; first += ChunkGroups)
        {
            int count = Math.Min(ChunkGroups, groups - first);
            for (int t = 0; t < tokens; t += 2)
            {
                byte* row = expanded + (t * RowStride);
                Tables(row + first, row + first + (t + 1 < tokens ? RowStride : 0), count, row + RowBytes);
            }

            for (int o = 0; o < outputs; o += BlockOutputs, weights += count * BlockOutputs)
            {
                for (int t = 0; t < tokens; t += 2)
                {
                    // There is a row of counts behind an odd number's last one.
                    ushort* to = counts + (t * outputs) + o;
                    Pair(expanded + (t * RowStride) + RowBytes, weights, weights + (count * BlockOutputs), to, to + outputs, first > 0);
                }
            }
        }
    }

    /// <summary>The tables of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tables(byte* a, byte* b, int groups, byte* tables)
    {
        byte* ones = s_first;
        byte* sixteens = s_second;
        for (int g = 0; g < groups; g++, tables += Entries)
        {
            byte* first = ones + (a[g] * Entries);
            byte* second = sixteens + (b[g] * Entries);
            AdvSimd.Store(tables, AdvSimd.LoadVector128(first) + AdvSimd.LoadVector128(second));
            AdvSimd.Store(tables + 16, AdvSimd.LoadVector128(first + 16) + AdvSimd.LoadVector128(second + 16));
        }
    }

    /// <summary>Two tokens, 64 outputs, three groups a round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair(byte* tables, byte* w, byte* end, ushort* first, ushort* second, bool add)
    {
        Vector128<byte> all0 = default;
        Vector128<byte> all1 = default;
        Vector128<byte> all2 = default;
        Vector128<byte> all3 = default;
        Vector128<byte> upper0 = default;
        Vector128<byte> upper1 = default;
        Vector128<byte> upper2 = default;
        Vector128<byte> upper3 = default;
        do
        {
            (Vector128<byte>, Vector128<byte>) table0 = AdvSimd.Arm64.Load2xVector128(tables);
            (Vector128<byte>, Vector128<byte>) table1 = AdvSimd.Arm64.Load2xVector128(tables + Entries);
            (Vector128<byte>, Vector128<byte>) table2 = AdvSimd.Arm64.Load2xVector128(tables + (2 * Entries));
            Cell(table0, table1, table2, w, ref all0, ref upper0);
            Cell(table0, table1, table2, w + 16, ref all1, ref upper1);
            Cell(table0, table1, table2, w + 32, ref all2, ref upper2);
            Cell(table0, table1, table2, w + 48, ref all3, ref upper3);
            tables += Together * Entries;
            w += Together * BlockOutputs;
        }
        while (w < end);

        Store(all0, upper0, first, second, add);
        Store(all1, upper1, first + 16, second + 16, add);
        Store(all2, upper2, first + 32, second + 32, add);
        Store(all3, upper3, first + 48, second + 48, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Cell(
        (Vector128<byte>, Vector128<byte>) table0,
        (Vector128<byte>, Vector128<byte>) table1,
        (Vector128<byte>, Vector128<byte>) table2,
        byte* w,
        ref Vector128<byte> all,
        ref Vector128<byte> upper)
    {
        Vector128<byte> sum = AdvSimd.Arm64.VectorTableLookup(table0, AdvSimd.LoadVector128(w))
            + AdvSimd.Arm64.VectorTableLookup(table1, AdvSimd.LoadVector128(w + BlockOutputs))
            + AdvSimd.Arm64.VectorTableLookup(table2, AdvSimd.LoadVector128(w + (2 * BlockOutputs)));
        all += sum;
        upper = AdvSimd.ShiftRightLogicalAdd(upper, sum, 4);
    }

    /// <summary>Stores the counts of both tokens, or adds to what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<byte> all, Vector128<byte> upper, ushort* first, ushort* second, bool add)
    {
        Vector128<byte> lower = all - AdvSimd.ShiftLeftLogical(upper, 4);
        if (add)
        {
            AdvSimd.Store(first, AdvSimd.AddWideningLower(AdvSimd.LoadVector128(first), lower.GetLower()));
            AdvSimd.Store(first + 8, AdvSimd.AddWideningUpper(AdvSimd.LoadVector128(first + 8), lower));
            AdvSimd.Store(second, AdvSimd.AddWideningLower(AdvSimd.LoadVector128(second), upper.GetLower()));
            AdvSimd.Store(second + 8, AdvSimd.AddWideningUpper(AdvSimd.LoadVector128(second + 8), upper));
            return;
        }

        AdvSimd.Store(first, AdvSimd.ZeroExtendWideningLower(lower.GetLower()));
        AdvSimd.Store(first + 8, AdvSimd.ZeroExtendWideningUpper(lower));
        AdvSimd.Store(second, AdvSimd.ZeroExtendWideningLower(upper.GetLower()));
        AdvSimd.Store(second + 8, AdvSimd.ZeroExtendWideningUpper(upper));
    }

    /// <summary>Groups of a row in whole rounds.</summary>
    private static int Groups(int inputs) => (inputs + (Bits * Together) - 1) / (Bits * Together) * Together;

    private static byte* Make(int factor)
    {
        byte* tables = NativeBuffer.AllocateForever(Entries * Entries);
        for (int i = 0; i < Entries * Entries; i++)
        {
            tables[i] = (byte)(factor * int.PopCount((i / Entries) ^ (i % Entries)));
        }

        return tables;
    }
}
