namespace EdgeVit.Runtime;

/// <summary>Vector code for AVX-512: 32 vectors of sixteen floats, and masks.</summary>
internal sealed class Avx512Code : VectorCode
{
    private const int GreaterOrEqual = 29;
    private const int RealChannels = 7;

    private int _mask;

    internal override int Lanes => 16;

    internal override int MostTokens => 8;

    internal override void Constants(Mem one) => Xor(Registers.Zero, Registers.Zero, Registers.Zero);

    internal override void AddRow(int to, Mem row) => AddSingle(to, to, row);

    internal override void StoreSigns(int tokens, int threshold, Mem to, int stride, Mem? real)
    {
        if (real is { } bits)
        {
            LoadMask16(RealChannels, bits);
        }

        for (int t = 0; t < tokens; t++)
        {
            CompareSingle(NextMask(), t, threshold, GreaterOrEqual);
            if (real is not null)
            {
                AndMask64(_mask, _mask, RealChannels);
            }

            StoreMask16(to with { Displacement = to.Displacement + (t * stride) }, _mask);
        }
    }

    /// <summary>Masks 1 to 6 by turns.</summary>
    private int NextMask() => _mask = (_mask % 6) + 1;

    private protected override int Zero(int spare) => Registers.Zero;

    private protected override void Encode(int map, int prefix, int opcode, int register, int vector, int rm) =>
        Evex(map, prefix, 0, opcode, register, vector, rm);

    private protected override void Encode(int map, int prefix, int opcode, int register, int vector, Mem memory, int unit) =>
        Evex(map, prefix, 0, opcode, register, vector, memory, unit);
}
