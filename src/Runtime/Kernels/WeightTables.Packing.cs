namespace EdgeVit.Runtime;

/// <summary>The weights that tables are made of.</summary>
internal static unsafe partial class WeightTables
{
    /// <summary>Bytes of packed weights: those of the bits.</summary>
    internal static long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) * ((inputs + 63) >> 6) * sizeof(ulong);

    /// <summary>Packs weights <c>[outputs / 64][words][64 inputs]</c>: a word holds an input's weights of 64 outputs. Bits 0 and 4, 1 and 5 ... of its bytes meet in the bytes
    /// of an entry, whose lower halves are those of its first outputs: of each sixteen, or of 32 where it is one vector.</summary>
    /// <param name="words">Canonical rows, <c>[outputs][words]</c>.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Bits of a row.</param>
    /// <param name="packed"><see cref="PackedBytes"/> bytes, zeroed.</param>
    /// <param name="isWide">True where an entry is one vector.</param>
    internal static void Pack(ulong* words, int outputs, int inputs, ulong* packed, bool isWide = false)
    {
        int n = (inputs + 63) >> 6;
        for (int first = 0; first < outputs; first += BlockOutputs)
        {
            int count = Math.Min(BlockOutputs, outputs - first);
            for (int w = 0; w < n; w++, packed += BlockOutputs)
            {
                for (int o = 0; o < count; o++)
                {
                    int bit = ((o & 7) << 3) | (isWide ? ((o & 32) >> 3) | ((o & 24) >> 3) : ((o & 16) >> 2) | ((o & 32) >> 4) | ((o & 8) >> 3));
                    packed[bit] = words[((long)(first + o) * n) + w];
                }

                BitRows.Transpose(packed);
            }
        }
    }
}
