namespace EdgeVit.Runtime;

/// <summary>Everything that is done to one row (one token's channels) in float. Rows and parameter vectors are padded to a multiple of 64
/// channels, so that there are no tails; what stands in the padding is never read into a real channel.</summary>
internal abstract unsafe class RowKernel
{
    /// <summary>Tokens that an epilogue takes together, at most <see cref="Slots.MaxTokens"/>.</summary>
    internal abstract int Tokens { get; }

    /// <summary>Groups of adjacent channels that a hidden layer's epilogue takes side by side; 0 where it takes channels in their own order.</summary>
    internal abstract int GroupLanes { get; }

    /// <summary>True where an epilogue can hold means of this many adjacent channels.</summary>
    internal abstract bool TakesGroupMean(int factor);

    /// <summary>The code of an epilogue: it takes the slots, which of them are present, and the padded channels, and works on a block of
    /// channels of <see cref="Tokens"/> tokens at a time, which stays in registers from slot to slot. Rows are those of <see cref="Tokens"/>
    /// tokens, or of a single one with steps of 0.</summary>
    /// <param name="slots">The epilogue's.</param>
    internal abstract delegate*<Slot*, uint, int, void> Epilogue(ReadOnlySpan<Slot> slots);

    /// <summary>For each of up to four tokens and every output: acc = bias; acc = fma(x[i], w[index[i]][output], acc) for i
    /// ascending.</summary>
    /// <param name="values">Inputs, <c>[tokens][count]</c> one after the other at <paramref name="valueStride"/>.</param>
    /// <param name="valueStride">Floats from one token's inputs to the next's.</param>
    /// <param name="indices">Weight row of each input.</param>
    /// <param name="count">Inputs.</param>
    /// <param name="weights">Transposed, <c>[K][padded outputs]</c>.</param>
    /// <param name="bias">Padded; zeros where the op has none.</param>
    /// <param name="outputs">Padded outputs.</param>
    /// <param name="result"><c>[tokens][padded outputs]</c>.</param>
    /// <param name="tokens">1 to 4.</param>
    internal abstract void Multiply(float* values, int valueStride, int* indices, int count, float* weights, float* bias, int outputs, float* result, int tokens);

    /// <summary>Which slots are present: bit i for slot i.</summary>
    internal static uint Present(ReadOnlySpan<Slot> slots)
    {
        uint present = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            present |= slots[i].IsPresent ? 1U << i : 0;
        }

        return present;
    }
}
