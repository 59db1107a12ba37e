using System.Numerics;

namespace EdgeVit.Runtime;

/// <summary>Brings keys and values into the form of <see cref="TableAttentionForm"/>: for each head its keys as weights of the queries'
/// product, what the sums over keys start at, and its values as weights of that product.</summary>
internal sealed unsafe class TableAttentionPackStep(string name, AttentionOperands operands, long prepared)
    : PlanStep(name, "BinaryAttention operands", operands.Heads, 1)
{
    private const int Size = TableAttentionForm.Size;

    private readonly int _blocks = operands.KeyWords;

    internal override long ScratchBytes => (Size + (Size * (long)_blocks)) * sizeof(ulong);

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        ulong* block = (ulong*)memory.Scratch;
        ulong* values = block + Size;
        for (int head = begin; head < end; head++)
        {
            byte* packed = memory.Arena + prepared + ((long)head * TableAttentionForm.HeadBytes(_blocks));
            for (int j = 0; j < _blocks; j++, packed += TableAttentionForm.BlockBytes)
            {
                Gather(memory.Arena + operands.Key, head, j, block);
                NibbleTables.Pack(block, 1, Size, 16, packed, Size);
            }

            for (int j = 0; j < _blocks; j++)
            {
                Gather(memory.Arena + operands.Value, head, j, block);
                BitRows.Transpose(block);
                for (int c = 0; c < Size; c++)
                {
                    values[(c * _blocks) + j] = block[c];
                }
            }

            Start(values, packed);
            NibbleTables.Pack(values, _blocks, Size, 16 * _blocks, packed + (Size * TableAttentionForm.SumBytes(_blocks)), Size);
        }
    }

    /// <summary>For each channel the number of positive values.</summary>
    private void Start(ulong* values, byte* target)
    {
        for (int c = 0; c < Size; c++)
        {
            int start = 0;
            for (int j = 0; j < _blocks; j++)
            {
                start += BitOperations.PopCount(values[(c * _blocks) + j]);
            }

            if (_blocks == 1)
            {
                target[c] = (byte)start;
            }
            else
            {
                ((short*)target)[c] = (short)start;
            }
        }
    }

    /// <summary>A head's word of every key of a block, zeros behind them.</summary>
    private void Gather(byte* rows, int head, int block, ulong* words)
    {
        int count = Math.Min(Size, operands.Keys - (block * Size));
        ulong* row = (ulong*)rows + ((long)block * Size * operands.TokenWords) + head;
        for (int j = 0; j < count; j++, row += operands.TokenWords)
        {
            words[j] = *row;
        }

        new Span<ulong>(words + count, Size - count).Clear();
    }
}
