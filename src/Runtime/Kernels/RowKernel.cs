namespace EdgeVit.Runtime;

/// <summary>Everything that is done to one row (one token's channels) in float. Rows and parameter vectors are padded to a multiple of 64
/// channels, so that there are no tails; what stands in the padding is never read into a real channel.</summary>
internal abstract unsafe class RowKernel
{
    /// <summary>Tokens that <see cref="Epilogue"/> takes together, at most <see cref="EpilogueOp.MaxTokens"/>.</summary>
    internal abstract int Tokens { get; }

    /// <summary>True where an epilogue can hold <see cref="EpilogueOpKind.GroupMean"/> of this many adjacent channels.</summary>
    internal abstract bool TakesGroupMean(int factor);

    /// <summary>Lets the kernel rewrite a thread's copy of an epilogue into ops of its own.</summary>
    /// <param name="ops">The epilogue's.</param>
    /// <param name="count">Number of ops.</param>
    internal abstract void Fuse(EpilogueOp* ops, int count);

    /// <summary>Runs an epilogue over the rows of <see cref="Tokens"/> tokens, a block of channels at a time, the block staying in
    /// registers between ops.</summary>
    /// <param name="ops">After <see cref="Fuse"/>, with their rows resolved for <see cref="Tokens"/> tokens, or for a single one: all rows
    /// the same, steps 0.</param>
    /// <param name="count">Number of ops.</param>
    /// <param name="channels">Padded channels.</param>
    internal abstract void Epilogue(EpilogueOp* ops, int count, int channels);

    /// <summary>output[c] = (0 + input[c * factor] + ... + input[c * factor + factor - 1]) * inverse, left to right.</summary>
    /// <param name="input">The row, padded.</param>
    /// <param name="output">Receives the means, padded.</param>
    /// <param name="channels">Real channels of the output.</param>
    /// <param name="factor">Adjacent channels per mean.</param>
    /// <param name="inverse">float(1 / factor).</param>
    internal abstract void GroupMean(float* input, float* output, int channels, int factor, float inverse);

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
}
