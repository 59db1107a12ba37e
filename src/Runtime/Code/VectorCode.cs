namespace EdgeVit.Runtime;

/// <summary>Writes code over whole vectors of floats: what both targets do alike, each in its own encoding, and the three things that each does in
/// its own way. Vectors 0 to <see cref="MostTokens"/> - 1 hold a block of channels of one token each.</summary>
internal abstract class VectorCode : X64Assembler
{
    /// <summary>Channels that every iteration of a pass takes.</summary>
    internal const int Channels = 16;

    /// <summary>Floats of a vector.</summary>
    internal abstract int Lanes { get; }

    /// <summary>Most tokens that an epilogue takes together: a quarter of the vectors there are.</summary>
    internal abstract int MostTokens { get; }

    /// <summary>Bytes of a vector.</summary>
    internal int Bytes => Lanes * sizeof(float);

    /// <summary>Vectors of <see cref="Channels"/>.</summary>
    internal int Blocks => Channels / Lanes;

    /// <summary>First of the vectors for intermediate results, one a token.</summary>
    internal int Temporary => MostTokens;

    /// <summary>First of the vectors that sum up groups, hold the second block of a float product or a pool's own rows, one a token.</summary>
    internal int Sum => 2 * MostTokens;

    /// <summary>First of three vectors for parameters.</summary>
    internal int Parameter => 3 * MostTokens;

    /// <summary>Brings the target's constants into vectors; <paramref name="one"/> is a float 1.</summary>
    internal abstract void Constants(Mem one);

    /// <summary>Adds a row in memory to a token's block.</summary>
    internal abstract void AddRow(int to, Mem row);

    /// <summary>A vector of zeros: the target's own, or the one that is spare.</summary>
    private protected abstract int Zero(int spare);

    /// <summary>Stores a bit for each channel of all tokens, set where it is not below a threshold.</summary>
    /// <param name="tokens">How many tokens there are.</param>
    /// <param name="threshold">The vector of thresholds.</param>
    /// <param name="to">Where the first token's bits go; not in rax or rsi.</param>
    /// <param name="stride">Bytes from token to token.</param>
    /// <param name="real">Bits of the real channels; null where all are.</param>
    internal abstract void StoreSigns(int tokens, int threshold, Mem to, int stride, Mem? real);

    /// <summary>Adds the part below 0 of all tokens' channels once more, times a vector of slopes less 1; the other vectors of parameters may
    /// change that stand before the slopes or right behind them.</summary>
    internal void Leaky(int tokens, int slopes)
    {
        int zero = Zero(slopes == Parameter ? Parameter + 1 : Parameter);
        for (int t = 0; t < tokens; t++)
        {
            MinSingle(Temporary + t, t, zero);
        }

        for (int t = 0; t < tokens; t++)
        {
            Fma231(t, slopes, Temporary + t);
        }
    }

    internal void LoadVector(int to, Mem from) => Encode(1, None, 0x10, to, 0, from, Bytes);

    internal void StoreVector(Mem to, int from) => Encode(1, None, 0x11, from, 0, to, Bytes);

    internal void MoveVector(int to, int from) => Encode(1, None, 0x28, to, 0, from);

    internal void BroadcastSingle(int to, Mem from) => Encode(2, P66, 0x18, to, 0, from, sizeof(float));

    internal void Xor(int to, int a, int b) => Encode(1, P66, 0xEF, to, a, b);

    internal void Int32ToSingle(int to, int from) => Encode(1, None, 0x5B, to, 0, from);

    internal void AddSingle(int to, int a, int b) => Encode(1, None, 0x58, to, a, b);

    internal void AddSingle(int to, int a, Mem b) => Encode(1, None, 0x58, to, a, b, Bytes);

    internal void SubSingle(int to, int a, int b) => Encode(1, None, 0x5C, to, a, b);

    internal void MinSingle(int to, int a, int b) => Encode(1, None, 0x5D, to, a, b);

    internal void MulSingle(int to, int a, int b) => Encode(1, None, 0x59, to, a, b);

    /// <summary>to = to * a + b, rounded once.</summary>
    internal void Fma213(int to, int a, int b) => Encode(2, P66, 0xA8, to, a, b);

    /// <summary>to = to * a + b, rounded once.</summary>
    internal void Fma213(int to, int a, Mem b) => Encode(2, P66, 0xA8, to, a, b, Bytes);

    /// <summary>to = a * b + to, rounded once.</summary>
    internal void Fma231(int to, int a, int b) => Encode(2, P66, 0xB8, to, a, b);

    /// <summary>to = a * b + to, rounded once.</summary>
    internal void Fma231(int to, int a, Mem b) => Encode(2, P66, 0xB8, to, a, b, Bytes);

    private protected abstract void Encode(int map, int prefix, int opcode, int register, int vector, int rm);

    /// <summary>The same with a memory operand of <paramref name="unit"/> bytes.</summary>
    private protected abstract void Encode(int map, int prefix, int opcode, int register, int vector, Mem memory, int unit);
}
