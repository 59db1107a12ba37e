using System.Numerics;

namespace EdgeVit.Runtime;

/// <summary>Brings keys and values into the form of <see cref="TableAttentionForm"/>: for each head its keys as weights of the queries'
/// product, its values as weights of the product over keys, and for each channel the number of positive values minus 32.</summary>
internal sealed unsafe class TableAttentionPackStep(string name, AttentionOperands operands, long prepared)
    : PlanStep(name, "BinaryAttention operands", operands.Heads, 1)
{
    private const int Size = TableAttentionForm.Size;

    internal override long ScratchBytes => Size * sizeof(ulong);

    internal override void Run(in Frame frame, int begin, int end)
    {
        ulong* block = (ulong*)frame.Scratch;
        for (int head = begin; head < end; head++)
        {
            byte* packed = frame.Arena + prepared + ((long)head * TableAttentionForm.HeadBytes);
            Gather(frame.Arena + operands.Key, head, block);
            NibbleTables.Pack(block, 1, Size, 16, packed, Size);
            Gather(frame.Arena + operands.Value, head, block);
            BitRows.Transpose(block);
            packed += TableAttentionForm.BlockBytes;
            NibbleTables.Pack(block, 1, Size, 16, packed, Size);
            packed += TableAttentionForm.BlockBytes;
            for (int c = 0; c < Size; c++)
            {
                packed[c] = (byte)(BitOperations.PopCount(block[c]) - (Size / 2));
            }
        }
    }

    /// <summary>A head's word of every key, zeros behind them.</summary>
    private void Gather(byte* rows, int head, ulong* block)
    {
        ulong* row = (ulong*)rows + head;
        for (int j = 0; j < operands.Keys; j++, row += operands.TokenWords)
        {
            block[j] = *row;
        }

        new Span<ulong>(block + operands.Keys, Size - operands.Keys).Clear();
    }
}
