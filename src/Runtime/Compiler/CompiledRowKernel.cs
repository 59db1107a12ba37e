namespace EdgeVit.Runtime;

/// <summary>Row kernels whose float product is machine code for AVX2. They are for programs that were compiled for processors without it and run on one
/// that has it: all but the product is seldom left to row kernels there.</summary>
internal sealed unsafe class CompiledRowKernel : RowKernel
{
    private readonly RowKernel _rows;
    private readonly ExecutableMemory _memory;
    private readonly delegate* unmanaged<RowsArguments*, void> _one;
    private readonly delegate* unmanaged<RowsArguments*, void> _two;

    /// <summary>Makes the code.</summary>
    /// <param name="rows">What does the rest.</param>
    internal CompiledRowKernel(RowKernel rows)
    {
        var code = new Avx2Code();
        new Avx2RowsEmitter(code, 1).Emit();
        int two = code.Code.Length;
        new Avx2RowsEmitter(code, 2).Emit();
        _rows = rows;
        _memory = ExecutableMemory.Of(code.Code);
        _one = (delegate* unmanaged<RowsArguments*, void>)_memory.Pointer;
        _two = (delegate* unmanaged<RowsArguments*, void>)(_memory.Pointer + two);
    }

    internal override int Tokens => _rows.Tokens;

    internal override int GroupLanes => _rows.GroupLanes;

    internal override bool TakesGroupMean(int factor) => _rows.TakesGroupMean(factor);

    internal override delegate*<Slot*, uint, int, void> Epilogue(ReadOnlySpan<Slot> slots) => _rows.Epilogue(slots);

    internal override void Multiply(float* values, int valueStride, int* indices, int count, float* weights, float* bias, int outputs, float* result, int tokens)
    {
        for (int t = 0; t < tokens; t += 2)
        {
            var arguments = new RowsArguments
            {
                Values = values + ((long)t * valueStride),
                ValueStrideBytes = (long)valueStride * sizeof(float),
                Indices = indices,
                EndOfIndices = indices + count,
                Weights = weights,
                Bias = bias,
                OutputBytes = (long)outputs * sizeof(float),
                Result = result + ((long)t * outputs),
            };
            if (t + 2 <= tokens)
            {
                _two(&arguments);
            }
            else
            {
                _one(&arguments);
            }
        }

        GC.KeepAlive(_memory);
    }
}
