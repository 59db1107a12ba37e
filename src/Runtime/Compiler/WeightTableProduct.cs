using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>A binary product of many tokens by <see cref="WeightTables"/>, for compiled steps that load its sums.</summary>
/// <param name="Words">Words of a row.</param>
/// <param name="Blocks">Outputs / 64.</param>
/// <param name="SumBytes">Bytes of a sum: 1 where all fit, else 2.</param>
/// <param name="IsCount">True where sums are counts.</param>
/// <param name="Tokens">Most tokens that are counted together.</param>
/// <param name="Columns">Packed weights.</param>
/// <param name="Constants">Constants of the code.</param>
internal sealed unsafe record WeightTableProduct(int Words, int Blocks, int SumBytes, bool IsCount, int Tokens, nint Columns, nint Constants)
{
    private const int BlockOutputs = 64;
    private const int WordsOfBytes = TableProductForm.WordsOfBytes;

    /// <summary>The function that makes tables.</summary>
    internal nint MakeTables { get; set; }

    /// <summary>The functions that look up, by <see cref="Place"/>.</summary>
    internal nint[] LookUps { get; } = new nint[2 * 4];

    /// <summary>Bytes of the sums of all tokens, <c>[blocks][tokens][64]</c>.</summary>
    internal long SumsBytes => (long)Blocks * Tokens * BlockOutputs * SumBytes;

    /// <summary>Scratch beside the sums.</summary>
    internal long ScratchBytes => WeightTables.TableBytes + ((long)Tokens * (WeightTableEmitter.SumBytes + (Words * WeightTableEmitter.IndexBytes)));

    /// <summary>Sums <c>[block][<see cref="Tokens"/>][64]</c> of at most so many tokens.</summary>
    internal void Count(ulong* rows, int tokens, byte* sums, byte* scratch)
    {
        byte* accumulators = scratch + WeightTables.TableBytes;
        byte* index = accumulators + ((long)Tokens * WeightTableEmitter.SumBytes);
        Index(rows, tokens * Words, (ushort*)index);
        var makeTables = (delegate* unmanaged[SuppressGCTransition]<ulong*, byte*, byte*, void>)MakeTables;
        var arguments = new WeightTableArguments { Constants = (byte*)Constants };
        ulong* columns = (ulong*)Columns;
        for (int block = 0; block < Blocks; block++)
        {
            arguments.Sums = sums + ((long)block * Tokens * BlockOutputs * SumBytes);
            for (int w = 0; w < Words; w++, columns += BlockOutputs)
            {
                makeTables(columns, scratch, (byte*)Constants);
                var lookUp = (delegate* unmanaged[SuppressGCTransition]<byte*, nint, byte*, byte*, byte*, WeightTableArguments*, void>)LookUps[Place(w)];
                lookUp(index + (w * WeightTableEmitter.IndexBytes), Words * WeightTableEmitter.IndexBytes, scratch, accumulators, accumulators + ((long)tokens * WeightTableEmitter.SumBytes), &arguments);
            }
        }
    }

    /// <summary>What a word's function is.</summary>
    internal (bool IsFirst, WeightTableEnd End) Of(int word)
    {
        bool isLast = word % WordsOfBytes == WordsOfBytes - 1 || word == Words - 1;
        WeightTableEnd end = !isLast ? WeightTableEnd.GoOn : SumBytes == 1 ? WeightTableEnd.Bytes : word < WordsOfBytes ? WeightTableEnd.Words : WeightTableEnd.MoreWords;
        return (word % WordsOfBytes == 0, end);
    }

    /// <summary>Where a word's function stands in <see cref="LookUps"/>.</summary>
    internal int Place(int word)
    {
        (bool isFirst, WeightTableEnd end) = Of(word);
        return ((int)end * 2) + (isFirst ? 1 : 0);
    }

    /// <summary>How far the entries of a word's groups are into their tables: two bytes of the word go into each lane of 16 bits, a factor and a shift bring its group to where
    /// it counts entries.</summary>
    private static void Index(ulong* words, int count, ushort* index)
    {
        Vector128<byte> lower = Vector128.Create((byte)0, 1, 0, 1, 1, 2, 1, 2, 2, 3, 3, 4, 3, 4, 4, 5);
        Vector128<byte> upper = lower + Vector128.Create((byte)5);
        Vector128<ushort> factors = Vector128.Create((ushort)128, 4, 32, 1, 8, 64, 2, 16);
        Vector128<ushort> entry = Vector128.Create((ushort)(WeightTables.GroupBytes - 32));
        for (ulong* end = words + count; words < end; words++, index += 16)
        {
            Vector128<byte> bits = Vector128.CreateScalar(*words).AsByte();
            (((Vector128.Shuffle(bits, lower).AsUInt16() * factors) >>> 2) & entry).Store(index);
            (((Vector128.Shuffle(bits, upper).AsUInt16() * factors) >>> 2) & entry).Store(index + 8);
        }
    }
}
