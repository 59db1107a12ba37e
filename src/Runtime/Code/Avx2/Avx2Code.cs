namespace EdgeVit.Runtime;

/// <summary>Vector code for AVX2 with FMA: sixteen vectors of eight floats.</summary>
internal sealed class Avx2Code : VectorCode
{
    private const int GreaterOrEqual = 29;

    /// <summary>Floats 1: a product with it and an addition is an addition, by the units that multiply.</summary>
    private const int One = 15;

    internal override int Lanes => 8;

    internal override int MostTokens => 4;

    internal override void Constants(Mem one) => BroadcastSingle(One, one);

    internal override void AddRow(int to, Mem row) => Fma213(to, One, row);

    internal override void StoreSigns(int tokens, int threshold, Mem to, int stride, Mem? real)
    {
        if (real is { } bits)
        {
            MovZeroExtended(Gpr.Rsi, bits);
        }

        for (int t = 0; t < tokens; t++)
        {
            CompareSingle256(Temporary + t, t, threshold, GreaterOrEqual);
        }

        for (int t = 0; t < tokens; t++)
        {
            SignBits256(Gpr.Rax, Temporary + t);
            if (real is not null)
            {
                And(Gpr.Rax, Gpr.Rsi);
            }

            StoreByteOfRax(to with { Displacement = to.Displacement + (t * stride) });
        }
    }

    private protected override int Zero(int spare)
    {
        Xor(spare, spare, spare);
        return spare;
    }

    private protected override void Encode(int map, int prefix, int opcode, int register, int vector, int rm) =>
        Vex(map, prefix, opcode, register, vector, rm);

    private protected override void Encode(int map, int prefix, int opcode, int register, int vector, Mem memory, int unit) =>
        Vex(map, prefix, opcode, register, vector, memory);
}
