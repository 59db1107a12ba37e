using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What a step's code is made from. Steps with equal <see cref="Key"/> share their code.</summary>
internal sealed record StepForm
{
    internal required EpilogueOp[] Ops { get; init; }

    internal required RowInstruction[] Instructions { get; init; }

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

    /// <summary>The hidden layer that the first instruction is; null for none.</summary>
    internal GroupForm? Group { get; init; }

    /// <summary>Literal with the address of a float 1.</summary>
    internal required int OneLiteral { get; init; }

    /// <summary>The product by table look-ups whose sums the first epilogue loads; null for none.</summary>
    internal TableProductForm? Sums => Tables ?? TableAttention?.Values;

    /// <summary>Bytes of a token's scratch rows.</summary>
    internal required int ScratchRowBytes { get; init; }

    /// <summary>A text that is equal where the code is.</summary>
    internal unsafe string Key()
    {
        var numbers = new ValueList<long>();
        numbers.AddRange([TileTokens, LastTileTokens]);
        foreach (EpilogueOp s in Ops)
        {
            int absent = (s.P0 == null ? 0x100 : 0) + (s.P1 == null ? 0x200 : 0) + (s.Number == 1 ? 0x400 : 0);
            numbers.AddRange([(int)s.Kind + absent, s.Modulo, s.Window.KernelH, s.Window.KernelW, s.GridWidth, s.Stride]);
        }

        foreach (RowInstruction i in Instructions)
        {
            numbers.AddRange([(long)i.Kind, i.First, i.Count, i.Channels, i.Factor]);
        }

        Pointers.Describe(numbers);
        Places.Describe(numbers);
        return $"{Product};{Tables};{Floats};{Attention};{TableAttention};{Group};{new string(MemoryMarshal.Cast<long, char>(numbers.ToArray()))}";
    }
}

/// <summary>A binary product.</summary>
/// <param name="Words">32-bit words of a row.</param>
/// <param name="RowSlot">Slot of the rows of bits.</param>
/// <param name="RowStride">Bytes from row to row.</param>
/// <param name="WeightsLiteral">Literal with the weights' address.</param>
/// <param name="InputsLiteral">Literal with the address of K as a float.</param>
/// <param name="MinusTwoLiteral">Literal with the address of -2.</param>
internal sealed record ProductForm(int Words, int RowSlot, int RowStride, int WeightsLiteral, int InputsLiteral, int MinusTwoLiteral);

/// <summary>A feed-forward network's hidden layer: an epilogue over all hidden channels and the means of its groups.</summary>
/// <param name="Order">The order of the hidden channels.</param>
/// <param name="SourceSlot">Slot of the shortcut's row.</param>
/// <param name="SourceStride">Its bytes from token to token.</param>
/// <param name="ShortcutOffset">Scratch bytes of the shortcut's row in group order.</param>
/// <param name="MeanOp">The op whose row takes the means.</param>
/// <param name="IndicesLiteral">Literal with the address of the index vectors; -1 where there are none.</param>
/// <param name="InverseLiteral">Literal with the address of 1 / size.</param>
internal sealed record GroupForm(GroupOrder Order, int SourceSlot, int SourceStride, int ShortcutOffset, int MeanOp, int IndicesLiteral, int InverseLiteral);
