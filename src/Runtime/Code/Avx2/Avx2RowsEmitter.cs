using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What the code of <see cref="Avx2RowsEmitter"/> is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RowsArguments
{
    internal float* Values;
    internal long ValueStrideBytes;
    internal int* Indices;
    internal int* EndOfIndices;
    internal float* Weights;
    internal float* Bias;
    internal long OutputBytes;
    internal float* Result;
}

/// <summary>Emits <see cref="RowKernel.Multiply"/> for one token or two, as the System V ABI calls it: 64 outputs of one token or 32 of two in eight
/// vectors, an input at a time. Scalar twin: <see cref="LaneRowKernel{TLanes, TVector}.Multiply"/> with <see cref="Lanes1"/>.</summary>
internal sealed unsafe class Avx2RowsEmitter(Avx2Code code, int tokens)
{
    private const int Sums = 8;
    private const int Input = 8;
    private const int Weight = 10;
    private const int VectorBytes = 32;

    private const Gpr Arguments = Gpr.Rdi;
    private const Gpr Output = Gpr.Rcx;
    private const Gpr Index = Gpr.Rdx;
    private const Gpr End = Gpr.R10;
    private const Gpr Value = Gpr.Rsi;
    private const Gpr Stride = Gpr.R11;
    private const Gpr RowBytes = Gpr.R8;
    private const Gpr Weights = Gpr.R9;

    private int Vectors => Sums / tokens;

    private static Mem At(RowsArguments* arguments, void* field) => new(Arguments, (int)((byte*)field - (byte*)arguments));

    /// <summary>Emits the function.</summary>
    internal void Emit()
    {
        RowsArguments layout;
        var block = new CodeLabel();
        var input = new CodeLabel();
        var done = new CodeLabel();
        code.Mov(Stride, At(&layout, &layout.ValueStrideBytes));
        code.Mov(End, At(&layout, &layout.EndOfIndices));
        code.Mov(RowBytes, At(&layout, &layout.OutputBytes));
        code.Zero(Output);
        code.Place(block);
        code.Mov(Gpr.Rax, At(&layout, &layout.Bias));
        for (int v = 0; v < Sums; v++)
        {
            code.LoadVector(v, new Mem(Gpr.Rax, Output, v % Vectors * VectorBytes));
        }

        code.Mov(Weights, At(&layout, &layout.Weights));
        code.Add(Weights, Output);
        code.Mov(Index, At(&layout, &layout.Indices));
        code.Mov(Value, At(&layout, &layout.Values));
        code.Place(input);
        code.Cmp(Index, End);
        code.JumpIfAboveOrEqual(done);
        code.MovSignExtended(Gpr.Rax, new Mem(Index));
        code.Imul(Gpr.Rax, RowBytes);
        code.Add(Gpr.Rax, Weights);
        code.BroadcastSingle(Input, new Mem(Value));
        if (tokens == 2)
        {
            code.BroadcastSingle(Input + 1, new Mem(Value, Stride, 0));
        }

        for (int v = 0; v < Vectors; v++)
        {
            var weight = new Mem(Gpr.Rax, v * VectorBytes);
            if (tokens == 1)
            {
                code.Fma231(v, Input, weight);
                continue;
            }

            code.LoadVector(Weight, weight);
            code.Fma231(v, Input, Weight);
            code.Fma231(Vectors + v, Input + 1, Weight);
        }

        code.Add(Index, sizeof(int));
        code.Add(Value, sizeof(float));
        code.Jump(input);
        code.Place(done);
        code.Mov(Gpr.Rax, At(&layout, &layout.Result));
        for (int t = 0; t < tokens; t++)
        {
            for (int v = 0; v < Vectors; v++)
            {
                code.StoreVector(new Mem(Gpr.Rax, Output, v * VectorBytes), (t * Vectors) + v);
            }

            code.Add(Gpr.Rax, RowBytes);
        }

        code.Add(Output, Vectors * VectorBytes);
        code.Cmp(Output, RowBytes);
        code.JumpIfBelow(block);
        code.ZeroUpper();
        code.Ret();
    }
}
