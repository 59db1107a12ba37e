using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>Where the parts of one head's prepared operands lie.</summary>
/// <param name="bits">The kernel that packs them.</param>
/// <param name="operands">The attention.</param>
internal readonly struct PackedHead(BitKernel bits, AttentionOperands operands)
{
    /// <summary>Bytes of the packed keys: outputs of the product with a query.</summary>
    internal long KeyBytes { get; } = Align(bits.PackedBytes(operands.Keys, operands.HeadSize));

    /// <summary>Bytes of the packed values: channels by keys, outputs of the product with a row of attention.</summary>
    internal long ValueBytes { get; } = Align(bits.PackedBytes(operands.HeadSize, operands.Keys));

    /// <summary>Bytes of a head: keys, values, and for each channel the number of positive values as a 16-bit integer.</summary>
    internal long Bytes => KeyBytes + ValueBytes + (ValueShape.Pad(operands.HeadSize) * sizeof(short));

    private static long Align(long bytes) => (bytes + 63) & ~63L;
}

/// <summary>Packs each head's keys, and its values turned to bits over the keys, as weights of a <see cref="BitKernel"/>.</summary>
internal sealed unsafe class TableAttentionPrepareStep(string name, AttentionOperands operands, long prepared, BitKernel bits)
    : PlanStep(name, "BinaryAttention operands", operands.WindowCount * operands.Heads, 1)
{
    private readonly PackedHead _head = new(bits, operands);

    internal override long ScratchBytes => (operands.KeyBlock + operands.ValueBlock + 64) * sizeof(ulong);

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        ulong* block = (ulong*)memory.Scratch;
        ulong* keys = block + 64;
        ulong* values = keys + operands.KeyBlock;
        for (int item = begin; item < end; item++)
        {
            (int window, int head) = int.DivRem(item, operands.Heads);
            int count = operands.KeysOf(window);
            byte* packed = memory.Arena + prepared + (item * _head.Bytes);

            // Empty places of a window that is cut off are keys without a bit, which nobody attends to.
            new Span<ulong>(keys + ((long)count * operands.HeadWords), (operands.Keys - count) * operands.HeadWords).Clear();
            for (int j = 0; j < count; j++)
            {
                ulong* key = (ulong*)(memory.Arena + operands.Key) + ((long)operands.KeyToken(window, j) * operands.TokenWords);
                for (int w = 0; w < operands.HeadWords; w++)
                {
                    keys[((long)j * operands.HeadWords) + w] = BitRows.Extract(key, head * operands.HeadSize, operands.HeadSize, w);
                }
            }

            bits.Pack(keys, operands.Keys, operands.HeadSize, packed);
            Transpose(memory, window, head, block, values);
            bits.Pack(values, operands.HeadSize, operands.Keys, packed + _head.KeyBytes);
            short* positive = (short*)(packed + _head.KeyBytes + _head.ValueBytes);
            for (int c = 0; c < operands.HeadSize; c++)
            {
                int ones = 0;
                for (int w = 0; w < operands.KeyWords; w++)
                {
                    ones += BitOperations.PopCount(values[((long)c * operands.KeyWords) + w]);
                }

                positive[c] = (short)ones;
            }
        }
    }

    /// <summary>The values of a head as rows of bits over the keys, <c>[channels][KeyWords]</c>.</summary>
    private void Transpose(in ThreadMemory memory, int window, int head, ulong* block, ulong* values)
    {
        int count = operands.KeysOf(window);
        for (int j = 0; j < operands.KeyWords; j++)
        {
            for (int w = 0; w < operands.HeadWords; w++)
            {
                for (int i = 0; i < 64; i++)
                {
                    block[i] = (64 * j) + i is var k && k < count
                        ? BitRows.Extract((ulong*)(memory.Arena + operands.Value) + ((long)operands.KeyToken(window, k) * operands.TokenWords), head * operands.HeadSize, operands.HeadSize, w)
                        : 0;
                }

                BitRows.Transpose(block);
                for (int i = 0; i < 64; i++)
                {
                    values[((((long)w * 64) + i) * operands.KeyWords) + j] = block[i];
                }
            }
        }
    }
}

/// <summary>Binary attention in integers for a tile of queries: differing bits of queries and keys are one binary product; each row's sum of
/// exponentials gives a threshold on them for each level, as p &gt; clip / 2 asks; attention bits and values are another product. Of a channel with v
/// positive values, x of them at keys where the row's bit differs, 2 * popcount(attended and values) - popcount(attended) is
/// v - x.</summary>
internal sealed unsafe class TableAttentionStep(
    string name,
    string kind,
    int items,
    RowPasses passes,
    BitKernel bits,
    TableAttention kernel,
    AttentionOperands operands,
    long prepared,
    nint[] tables,
    long* exp,
    double* twice,
    float* clip,
    float* zero,
    AttentionBias? bias)
    : RowSourceStep(
        name, kind, items, BitKernel.TileTokens, passes, (long)BitKernel.TileTokens * ValueShape.Pad(operands.Heads * operands.HeadSize) * sizeof(short))
{
    private readonly PackedHead _head = new(bits, operands);
    private readonly int _stride = ValueShape.Pad(operands.Heads * operands.HeadSize);
    private readonly int _paddedKeys = ValueShape.Pad(operands.Keys);
    private readonly int _paddedSize = ValueShape.Pad(operands.HeadSize);
    private readonly long _countBytes = (long)BitKernel.TileTokens * ValueShape.Pad(Math.Max(operands.Keys, operands.HeadSize)) * sizeof(ushort);
    private readonly long _rowBytes = Align(Math.Max(operands.HeadWords, operands.KeyWords) * sizeof(ulong));

    private protected override int TileTokens => BitKernel.TileTokens;

    private protected override long SourceBytes => BitKernel.TileBytes + _countBytes + (operands.Levels * BitKernel.TileTokens * _rowBytes) + 64;

    /// <summary>True where reductions fit the kernel.</summary>
    internal static bool Takes(AttentionOperands operands) => operands.HeadSize <= GraphValidator.MaxInputs && operands.Keys <= GraphValidator.MaxInputs;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        for (int i = 0; i < count;)
        {
            int window = operands.WindowOf(token + i);
            int run = operands.Windows is null ? count : 1;
            while (i + run < count && operands.WindowOf(token + i + run) == window)
            {
                run++;
            }

            Fill(memory, token + i, run, window, tile + ((long)i * _stride * sizeof(short)), own);
            i += run;
        }
    }

    /// <summary>Queries of one window.</summary>
    private void Fill(in ThreadMemory memory, int token, int count, int window, byte* tile, byte* own)
    {
        int size = operands.HeadSize;
        int keys = operands.KeysOf(window);
        ushort* counts = (ushort*)(own + BitKernel.TileBytes);
        byte* rows = own + BitKernel.TileBytes + _countBytes;
        double* limits = stackalloc double[BitKernel.TileTokens];
        int* most = stackalloc int[AttentionAttributes.MaxLevels];
        new Span<int>(most, AttentionAttributes.MaxLevels).Fill(size / 2);
        for (int head = 0; head < operands.Heads; head++)
        {
            byte* packed = memory.Arena + prepared + ((((long)window * operands.Heads) + head) * _head.Bytes);
            for (int i = 0; i < count; i++)
            {
                bits.Expand(Query(memory, token + i, head, (ulong*)(rows + (i * _rowBytes))), size, own + (i * BitKernel.RowStride));
            }

            bits.Count(own, packed, counts, _paddedKeys, size, count);

            for (int i = 0; bias is not null && i < count; i++)
            {
                AttentionBias.Subtract(counts + ((long)i * _paddedKeys), bias.Row(window, head, operands.Index(token + i)), keys, size);
            }

            // Loop by loop, so that the rows' sums overlap and no row's bits are read right after they are written.
            byte* table = (byte*)tables[operands.TableStride == 0 ? 0 : head];
            for (int i = 0; i < count; i++)
            {
                ushort* row = counts + ((long)i * _paddedKeys);
                long sum = kernel.Sum(row, keys, table, size);
                if (operands.MaskDiagonal)
                {
                    sum -= exp[(head * operands.TableStride) + size - row[operands.Index(token + i)]];
                }

                limits[i] = (double)clip[head] * (double)sum;
            }

            for (int level = 0; level < operands.Levels; level++)
            {
                Select(head, token, count, keys, level, limits, ref most[level], counts, rows + (level * BitKernel.TileTokens * _rowBytes));
            }

            short* positive = (short*)(packed + _head.KeyBytes + _head.ValueBytes);
            for (int level = 0; level < operands.Levels; level++)
            {
                byte* attended = rows + (level * BitKernel.TileTokens * _rowBytes);
                for (int i = 0; i < count; i++)
                {
                    bits.Expand((ulong*)(attended + (i * _rowBytes)), operands.Keys, own + (i * BitKernel.RowStride));
                }

                bits.Count(own, packed + _head.KeyBytes, counts, _paddedSize, operands.Keys, count);
                for (int i = 0; i < count; i++)
                {
                    short* differing = (short*)counts + ((long)i * _paddedSize);
                    short* target = (short*)tile + ((long)i * _stride) + (head * size);
                    if (level == 0)
                    {
                        Subtract(positive, differing, target, size);
                    }
                    else
                    {
                        Subtract(positive, differing, differing, size);
                        BitRows.Add(target, differing, size);
                    }
                }
            }
        }
    }

    /// <summary>The keys that a tile's queries attend to at a level, counted from 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Select(int head, int token, int count, int keys, int level, double* limits, ref int most, ushort* counts, byte* attended)
    {
        double* doubled = twice + (head * operands.TableStride);
        double factor = AttentionAttributes.LimitFactor(level + 1, zero == null ? 0 : zero[head]);
        for (int i = 0; i < count; i++)
        {
            ulong* row = (ulong*)(attended + (i * _rowBytes));
            most = Threshold(most, doubled, factor * limits[i]);
            kernel.Select(counts + ((long)i * _paddedKeys), keys, most, row);
            for (int w = (keys + 63) >> 6; w < operands.KeyWords; w++)
            {
                row[w] = 0;
            }

            if (operands.MaskDiagonal)
            {
                BitRows.Clear(row, operands.Index(token + i));
            }
        }
    }

    /// <summary>A head's bits of a query; gathered where heads are not whole words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* Query(in ThreadMemory memory, int token, int head, ulong* gathered)
    {
        ulong* query = (ulong*)(memory.Arena + operands.Query) + ((long)token * operands.TokenWords);
        if ((operands.HeadSize & 63) == 0)
        {
            return query + (head * operands.HeadWords);
        }

        for (int w = 0; w < operands.HeadWords; w++)
        {
            gathered[w] = BitRows.Extract(query, head * operands.HeadSize, operands.HeadSize, w);
        }

        return gathered;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(short* a, short* b, short* target, int count)
    {
        int c = 0;
        for (; c + Vector128<short>.Count <= count; c += Vector128<short>.Count)
        {
            (Vector128.Load(a + c) - Vector128.Load(b + c)).Store(target + c);
        }

        for (; c < count; c++)
        {
            target[c] = (short)(a[c] - b[c]);
        }
    }

    /// <summary>The most differences whose exponential is above the limit, -1 for none, found from the previous row's: rows are much
    /// alike.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Threshold(int most, double* doubled, double limit)
    {
        while (most < operands.HeadSize && doubled[most + 1] > limit)
        {
            most++;
        }

        while (most >= 0 && !(doubled[most] > limit))
        {
            most--;
        }

        return most;
    }
}
