using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What a step's code is made from. Steps with equal <see cref="Key"/> share their code.</summary>
internal sealed record StepForm
{
    /// <summary>The passes over a tile, in order.</summary>
    internal required Epilogue[] Passes { get; init; }

    internal required RowPointers Pointers { get; init; }

    internal required RowPlaces Places { get; init; }

    /// <summary>Tokens of a tile and of the last tile, where that is smaller.</summary>
    internal required int TileTokens { get; init; }

    /// <summary>See <see cref="TileTokens"/>; 0 where all tiles are whole.</summary>
    internal required int LastTileTokens { get; init; }

    /// <summary>The binary product that starts the first epilogue; null for none.</summary>
    internal ProductForm? Product { get; init; }

    /// <summary>The same by table look-ups; null for none.</summary>
    internal TableProductForm? Tables { get; init; }

    /// <summary>The float product that starts the first epilogue; null for none.</summary>
    internal FloatProductForm? Floats { get; init; }

    /// <summary>The attention that starts the first epilogue; null for none.</summary>
    internal AttentionForm? Attention { get; init; }

    /// <summary>The same by table look-ups; null for none.</summary>
    internal TableAttentionForm? TableAttention { get; init; }

    /// <summary>The hidden layer that the first pass is; null for none.</summary>
    internal GroupForm? Group { get; init; }

    /// <summary>Place of the literal 1, a float.</summary>
    internal required int OneLiteral { get; init; }

    /// <summary>The product by table look-ups whose sums the first epilogue loads; null for none.</summary>
    internal TableProductForm? Sums => Tables ?? TableAttention?.Values;

    /// <summary>True where a binary product starts the first epilogue.</summary>
    internal bool HasProduct => Product is not null || Tables is not null;

    /// <summary>Bytes of a token's scratch rows.</summary>
    internal required int ScratchRowBytes { get; init; }

    /// <summary>A text that is equal where the code is.</summary>
    /// <param name="numbers">Written over.</param>
    internal unsafe string Key(ValueList<int> numbers)
    {
        numbers.Clear();
        numbers.AddRange([TileTokens, LastTileTokens]);
        foreach (Epilogue pass in Passes)
        {
            numbers.AddRange([pass.Channels, (int)pass.Present]);
            for (int i = 0; i < Slots.Count; i++)
            {
                Slot s = pass.Items[i];
                numbers.AddRange([(s.P0 == null ? 1 : 0) + (s.P1 == null ? 2 : 0) + (s.Factor == 1 ? 4 : 0) + (s.Joins ? 8 : 0) + (s.P2 == null ? 16 : 0), s.Modulo]);
                if (pass.Neighbours[i] is { } rows)
                {
                    numbers.AddRange([rows.Width, (int)rows.Stride, (int)(rows.Stride >> 32), rows.IsSum ? 1 : 0, rows.Parts, rows.Rows.Length]);
                    foreach ((int y, int x) in rows.Rows)
                    {
                        numbers.AddRange([y, x]);
                    }
                }
            }
        }

        Pointers.Describe(numbers);
        Places.Describe(numbers);
        return $"{Product};{Tables};{Floats};{Attention};{TableAttention};{Group};{MemoryMarshal.Cast<int, char>(numbers.AsSpan())}";
    }
}

/// <summary>A binary product.</summary>
/// <param name="Words">32-bit words of a row.</param>
/// <param name="RowSlot">Slot of the rows of bits.</param>
/// <param name="RowStride">Bytes from row to row.</param>
/// <param name="WeightsLiteral">Literal with the weights' address.</param>
/// <param name="InputsLiteral">Place of the literal K, a float.</param>
/// <param name="MinusTwoLiteral">Place of the literal -2, a float.</param>
/// <param name="IsCount">True for counts of differing bits, false for products of signs.</param>
internal sealed record ProductForm(int Words, int RowSlot, int RowStride, int WeightsLiteral, int InputsLiteral, int MinusTwoLiteral, bool IsCount);

/// <summary>A feed-forward network's hidden layer: an epilogue over all hidden channels and the means of its groups.</summary>
/// <param name="Order">The order of the hidden channels.</param>
/// <param name="SourceSlot">Slot of the shortcut's row.</param>
/// <param name="SourceStride">Its bytes from token to token.</param>
/// <param name="ShortcutOffset">Scratch bytes of the shortcut's row in group order.</param>
/// <param name="InverseLiteral">Place of the literal 1 / size, a float.</param>
internal sealed record GroupForm(GroupOrder Order, int SourceSlot, int SourceStride, int ShortcutOffset, int InverseLiteral);
