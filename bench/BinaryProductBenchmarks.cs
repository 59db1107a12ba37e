using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Bringing a tile of sign bits into the kernel's form, and the product of signs itself, for every kernel set of this machine.
/// Shapes are those of the third stage of binaryvit-small: projection, first and second FFN matrix, for 8 tokens.</summary>
public unsafe class BinaryProductBenchmarks
{
    private readonly List<nint> _memory = [];
    private BitKernel _kernel = new ScalarBitKernel();
    private ulong* _rows;
    private byte* _expanded;
    private byte* _weights;
    private ushort* _counts;

    public IEnumerable<KernelChoice> Kernels => KernelSets.Available;

    [ParamsSource(nameof(Kernels))]
    public KernelChoice Kernel { get; set; }

    [Params("256x256", "256x1024", "1024x256")]
    public string Shape { get; set; } = "";

    private int Inputs => int.Parse(Shape.Split('x')[0], System.Globalization.CultureInfo.InvariantCulture);

    private int Outputs => int.Parse(Shape.Split('x')[1], System.Globalization.CultureInfo.InvariantCulture);

    [GlobalSetup]
    public void Setup()
    {
        _kernel = KernelSets.Make(Kernel).Bits;
        var random = new Random(1);
        ulong[] weights = [.. Enumerable.Range(0, Outputs * Inputs / 64).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
        _weights = _kernel.Pack(weights, Outputs, Inputs, Allocate);
        _rows = (ulong*)Allocate((BitKernel.TileTokens * Inputs / 8) + 64);
        for (int i = 0; i < BitKernel.TileTokens * Inputs / 64; i++)
        {
            _rows[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        }

        _expanded = (byte*)Allocate(BitKernel.TileBytes);
        _counts = (ushort*)Allocate(BitKernel.TileTokens * ValueShape.Pad(Outputs) * sizeof(ushort));
        Expand();
    }

    [GlobalCleanup]
    public void Cleanup() => _memory.ForEach(m => NativeMemory.AlignedFree((void*)m));

    [Benchmark]
    public void Expand()
    {
        for (int token = 0; token < BitKernel.TileTokens; token++)
        {
            _kernel.Expand(_rows + (token * (Inputs / 64)), Inputs, _expanded + (token * BitKernel.RowStride));
        }
    }

    [Benchmark]
    public void Count() => _kernel.Count(_expanded, _weights, _counts, ValueShape.Pad(Outputs), Inputs, BitKernel.TileTokens);

    private nint Allocate(long bytes)
    {
        var memory = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        NativeMemory.Clear((void*)memory, (nuint)bytes);
        _memory.Add(memory);
        return memory;
    }
}
