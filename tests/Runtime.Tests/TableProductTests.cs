using System.Numerics;

namespace EdgeVit.Runtime.Tests;

/// <summary>The compiled AVX2 product alone, against plain counting: every number of tokens, rows up to each place where byte sums are added to wider
/// ones, and bits that fill both halves of a byte, one of them or none.</summary>
public unsafe class TableProductTests
{
    private const int Outputs = 128;
    private const int SavedVectors = 10;

    private static readonly Gpr[] s_saved = [Gpr.Rbx, Gpr.Rbp, Gpr.Rsi, Gpr.Rdi, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(GraphValidator.MaxInputs / 64)]
    public void SumsOfPairsAreThoseOfTheScalarLoop(int words)
    {
        Assert.SkipUnless(KernelSets.Available.Contains(KernelChoice.Avx2), "this processor lacks AVX2, or the process may not make machine code");
        for (int tokens = 1; tokens <= Registers.MaxTokens; tokens++)
        {
            Check(words, tokens, true);
            Check(words, tokens, false);
        }
    }

    private static void Check(int words, int tokens, bool isCount)
    {
        var random = new Random((words * 16) + tokens);
        int sumBytes = words <= TableProductForm.WordsOfBytes ? 1 : 2;
        int sums = 64 * tokens * sumBytes;
        var form = new TableProductForm(words, -1, words * 8, -1, 0, -1, 2 * sums, 0, sumBytes, isCount);
        using ExecutableMemory code = Compile(form, tokens, sums);
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor>());
        using var rows = new NativeBuffer((tokens * words * 8) + 64);
        using var start = new NativeBuffer(64 * sumBytes);
        using var scratch = new NativeBuffer((2 * sums) + TableProductForm.IndexBytes(tokens, words));
        var matrix = new ulong[Outputs * words];
        for (int i = 0; i < matrix.Length; i++)
        {
            matrix[i] = (i / words % 8) switch { 0 => 0, 1 => ulong.MaxValue, 2 => 0x5555555555555555, _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) };
        }

        var bytes = new byte[matrix.Length * 8];
        Buffer.BlockCopy(matrix, 0, bytes, 0, bytes.Length);
        long packed = PairTables.Pack(new BinaryOperands(new BitsSource(0, new ValueShape(ValueKind.Bits, words * 64, 1, 1), 1, ConvWindow.Token), bytes, Outputs, false, false), weights, null);
        random.NextBytes(new Span<byte>(start.Pointer, 64 * sumBytes));
        long tables = PairTables.Address;
        var bits = (ulong*)rows.Pointer;
        long* arguments = stackalloc long[] { (long)scratch.Pointer, (long)&tables, (long)bits, packed, (long)start.Pointer };
        for (int mode = 0; mode < 5; mode++)
        {
            // All zeros, all ones, one token of each pair all ones, and anything.
            for (int i = 0; i < tokens * words; i++)
            {
                int token = i / words;
                bits[i] = mode switch { 0 => 0, 1 => ulong.MaxValue, 2 => 0UL - (ulong)(token & 1), 3 => (ulong)(token & 1) - 1, _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) };
            }

            ((delegate* unmanaged<long*, void>)code.Pointer)(arguments);
            for (int t = 0; t < tokens; t++)
            {
                for (int o = 0; o < Outputs; o++)
                {
                    int differ = 0;
                    for (int w = 0; w < words; w++)
                    {
                        differ += BitOperations.PopCount(bits[(t * words) + w] ^ matrix[(o * words) + w]);
                    }

                    int at = (o / 64 * sums) + (((t * 64) + (o % 64)) * sumBytes);
                    int expected = isCount ? differ : (sumBytes == 1 ? start.Pointer[o % 64] : ((ushort*)start.Pointer)[o % 64]) - differ;
                    int found = sumBytes == 1 ? scratch.Pointer[at] : *(ushort*)(scratch.Pointer + at);
                    Assert.True((sumBytes == 1 ? (byte)expected : (ushort)expected) == found, $"{words} words, {tokens} tokens, bits {mode}, count {isCount}: token {t}, output {o}: {found}, {differ} bits differ");
                }
            }
        }
    }

    /// <summary>A function of scratch, literals, rows, weights and start: both blocks of 64 outputs, one behind the other.</summary>
    private static ExecutableMemory Compile(TableProductForm form, int tokens, int sums)
    {
        var code = new X64Assembler();
        Array.ForEach(s_saved, code.Push);
        code.Mov(Gpr.Rax, OperatingSystem.IsWindows() ? Gpr.Rcx : Gpr.Rdi);
        code.Sub(Gpr.Rsp, SavedVectors * 16);
        for (int i = 0; i < SavedVectors; i++)
        {
            code.StoreLowerHalf(new Mem(Gpr.Rsp, 16 * i), 6 + i);
        }

        code.Mov(Registers.Scratch, new Mem(Gpr.Rax));
        code.Mov(Registers.Literals, new Mem(Gpr.Rax, 8));
        code.Mov(Registers.Bits, new Mem(Gpr.Rax, 16));
        code.Mov(Registers.Weights, new Mem(Gpr.Rax, 24));
        code.Mov(Gpr.R11, new Mem(Gpr.Rax, 32));
        var product = new TableProductEmitter(code, form, tokens);
        product.Indices();
        product.Emit(new Mem(Gpr.R11), 0, 64 * form.SumBytes);
        product.Emit(new Mem(Gpr.R11), sums, 64 * form.SumBytes);
        for (int i = 0; i < SavedVectors; i++)
        {
            code.LoadLowerHalf(6 + i, new Mem(Gpr.Rsp, 16 * i));
        }

        code.ZeroUpper();
        code.Add(Gpr.Rsp, SavedVectors * 16);
        Array.ForEach([.. s_saved.Reverse()], code.Pop);
        code.Ret();
        return ExecutableMemory.Of(code.Code);
    }
}
