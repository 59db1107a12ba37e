namespace EdgeVit.Runtime.Tests;

/// <summary>The assembler's bytes against <c>Golden/x64.txt</c>, which holds them beside the text that an independent disassembler (GNU
/// binutils) reads from them.</summary>
public class X64AssemblerTests
{
    [Fact]
    public void InstructionsAreEncodedAsADisassemblerReadsThem()
    {
        string[] golden = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", "x64.txt"));
        string[] written = [.. Instructions().Select(Written), .. Avx2Instructions().Select(Written)];
        Assert.Equal(golden.Select(line => line.Split(' ')[0]), written);
    }

    private static string Written<T>(Action<T> emit)
        where T : VectorCode, new()
    {
        var code = new T();
        emit(code);
        return Convert.ToHexString(code.Code);
    }

    [Fact]
    public void JumpsReachTheirLabels()
    {
        var code = new X64Assembler();
        var back = new CodeLabel();
        var forward = new CodeLabel();
        code.Place(back);
        code.JumpIfBelow(forward);
        code.Jump(back);
        code.JumpIfAboveOrEqual(forward);
        code.Place(forward);
        Assert.Equal("0F820B000000" + "E9F5FFFFFF" + "0F8300000000", Convert.ToHexString(code.Code));
    }

    /// <summary>Every instruction but those of AVX2, with registers on both sides of 8 and 16, short, scaled and long displacements.</summary>
    private static IEnumerable<Action<Avx512Code>> Instructions()
    {
        var near = new Mem(Gpr.Rbx, 8);
        var far = new Mem(Gpr.R13, Gpr.R10, 0x12345);
        var stack = new Mem(Gpr.Rsp, 16);
        var indexed = new Mem(Gpr.Rax, Gpr.Rcx, 128);
        foreach (Gpr r in Enum.GetValues<Gpr>().Where(r => r != Gpr.Rsp))
        {
            yield return c => c.Push(r);
            yield return c => c.Pop(r);
            yield return c => c.Mov(r, Gpr.R9);
            yield return c => c.Mov(r, 0x1122334455667788);
            yield return c => c.Mov(r, stack);
            yield return c => c.Mov(far, r);
            yield return c => c.MovSignExtended(r, near);
            yield return c => c.Lea(r, indexed);
            yield return c => c.Add(r, Gpr.R12);
            yield return c => c.Cmp(r, Gpr.R15);
            yield return c => c.Zero(r);
            yield return c => c.Add(r, 1000);
            yield return c => c.Sub(r, -5);
            yield return c => c.Cmp(r, 77);
            yield return c => c.Imul(r, Gpr.R14, 4096);
            yield return c => c.MovIfAboveOrEqual(r, Gpr.R11);
            yield return c => c.PopCount(r, far);
            yield return c => c.And(r, Gpr.R13);
            yield return c => c.Or(Gpr.R8, r);
            yield return c => c.ShiftLeft(r, 4);
            yield return c => c.ShiftRight(r, 3);
            yield return c => c.MovZeroExtended(r, near);
            yield return c => c.MovSignExtendedByte(r, far);
            yield return c => c.MovZeroExtendedWord(r, far);
            yield return c => c.AddFromTable(r, Gpr.Rdi, Gpr.Rbx);
            yield return c => c.AddFromTable(Gpr.Rax, Gpr.R13, r);
            yield return c => c.Int64ToDouble((int)r, r);
            yield return c => c.SignBits256(r, (int)r);
            yield return c => c.SignBitsOfBytes256(r, 15 - (int)r);
        }

        yield return c => c.Ret();
        yield return c => c.Add(stack, 640);
        yield return c => c.ZeroUpper();
        yield return c => c.AndMask64(1, 6, 7);
        foreach ((int a, int b, int d) in new[] { (0, 1, 2), (7, 8, 15), (16, 23, 24), (31, 30, 29), (9, 17, 4) })
        {
            foreach (Mem m in new[] { near, far, stack, indexed, new Mem(Gpr.R12, Gpr.Rax, -64), new Mem(Gpr.Rbp, 0) })
            {
                yield return c => c.LoadVector(a, m);
                yield return c => c.StoreVector(m, a);
                yield return c => c.BroadcastSingle(a, m);
                yield return c => c.BroadcastByte(a, m);
                yield return c => c.XorEach(a, b, m);
                yield return c => c.AndEach(a, b, m);
                yield return c => c.Sub32Each(a, b, m);
                yield return c => c.AddSingle(a, b, m);
                yield return c => c.MulDoubleEach(a, b, m);
                yield return c => c.CompareDoubleEach(3, a, m, 17);
                yield return c => c.StoreLowBytes(m, a);
                yield return c => c.StoreLowBytes64(m, a);
                yield return c => c.LoadBytes(a, m, 7);
                yield return c => c.StoreLowest64(m, a);
                yield return c => c.StoreMask16(m, 5);
                yield return c => c.LoadMask16(6, m);
                yield return c => c.StoreMask64(m, 2);
                yield return c => c.LoadMask64(7, m);
                yield return c => c.Fma213(a, b, m);
            }

            yield return c => c.MoveVector(a, b);
            yield return c => c.Xor(a, b, d);
            yield return c => c.PopCount32(a, b);
            yield return c => c.Add32(a, b, d);
            yield return c => c.Add64(a, b, d);
            yield return c => c.Add64(a, b, d, 4);
            yield return c => c.ShiftLeft64(a, b, 8);
            yield return c => c.Int32ToSingle(a, b);
            yield return c => c.UInt64ToDouble(a, b);
            yield return c => c.AddSingle(a, b, d);
            yield return c => c.SubSingle(a, b, d);
            yield return c => c.MulSingle(a, b, d);
            yield return c => c.MinSingle(a, b, d);
            yield return c => c.Fma213(a, b, d);
            yield return c => c.Fma231(a, b, d);
            yield return c => c.CompareSingle(1, a, b, 26);
            yield return c => c.CompareBytes(6, a, b, 1);
            yield return c => c.LookUpBytes(a, b, d);
            yield return c => c.SumBytes(a, b, d);
            yield return c => c.ShuffleQuarters(a, b, d, 0x4E);
            yield return c => c.SwapInQuarters(a, b);
        }
    }

    /// <summary>The same of AVX2.</summary>
    private static IEnumerable<Action<Avx2Code>> Avx2Instructions()
    {
        var near = new Mem(Gpr.Rbx, 8);
        var far = new Mem(Gpr.R13, Gpr.R10, 0x12345);
        var stack = new Mem(Gpr.Rsp, 16);
        var indexed = new Mem(Gpr.Rax, Gpr.Rcx, 128);
        foreach ((int a, int b, int d) in new[] { (0, 1, 2), (7, 8, 15), (12, 3, 9), (15, 14, 4) })
        {
            foreach (Mem m in new[] { near, far, stack, indexed, new Mem(Gpr.R12, Gpr.Rax, -64), new Mem(Gpr.Rbp, 0) })
            {
                yield return c => c.Load256(a, m);
                yield return c => c.Store256(m, a);
                yield return c => c.LoadLowerHalf(a, m);
                yield return c => c.StoreLowerHalf(m, a);
                yield return c => c.InsertUpperHalf256(a, b, m);
                yield return c => c.BroadcastSingle(a, m);
                yield return c => c.BroadcastByte256(a, m);
                yield return c => c.BroadcastHalf256(a, m);
                yield return c => c.AddWords256(a, b, m);
                yield return c => c.AddBytes256(a, b, m);
                yield return c => c.WidenBytes256(a, m);
                yield return c => c.WidenUnsignedBytes256(a, m);
                yield return c => c.WidenWords256(a, m);
                yield return c => c.AddSingle(a, b, m);
                yield return c => c.Fma213(a, b, m);
                yield return c => c.CompareDouble256(a, b, m, 17);
                yield return c => c.MulDouble(a, b, m);
                yield return c => c.StoreByteOfRax(m);
                yield return c => c.LoadLowest64(a, m);
                yield return c => c.LookUpBytes256(a, b, m);
            }

            yield return c => c.Move256(a, b);
            yield return c => c.Xor256(a, b, d);
            yield return c => c.LookUpBytes256(a, b, d);
            yield return c => c.AddBytes256(a, b, d);
            yield return c => c.WidenUnsignedToWords256(a, b);
            yield return c => c.UpperHalf256(a, b);
            yield return c => c.UnpackLowSingles256(a, b, d);
            yield return c => c.UnpackHighSingles256(a, b, d);
            yield return c => c.UnpackLowDoubles256(a, b, d);
            yield return c => c.UnpackHighDoubles256(a, b, d);
            yield return c => c.ShuffleSingles256(a, b, d, 0xDD);
            yield return c => c.Int32ToSingle(a, b);
            yield return c => c.SubSingle(a, b, d);
            yield return c => c.MulSingle(a, b, d);
            yield return c => c.AddSingle(a, b, d);
            yield return c => c.Fma213(a, b, d);
            yield return c => c.Fma231(a, b, d);
            yield return c => c.CompareSingle256(a, b, d, 29);
            yield return c => c.MinSingle(a, b, d);
            yield return c => c.CompareBytes256(a, b, d);
            yield return c => c.Add64x4(a, b, d);
            yield return c => c.BroadcastByte256(a, b);
            yield return c => c.BroadcastDouble256(a, b);
            yield return c => c.SwapHalves256(a, b);
            yield return c => c.SwapInHalves256(a, b);
            yield return c => c.BroadcastHalf256(a, new Mem(Gpr.R8, Gpr.Rax, 0, 2));
            yield return c => c.BroadcastHalf256(a, new Mem(Gpr.Rdi, Gpr.R9, 0x1000, 3));
            yield return c => c.SubBytes256(a, b, d);
            yield return c => c.SubWords256(a, b, d);
            yield return c => c.And256(a, b, d);
            yield return c => c.ShiftLeftWords256(a, b, 4);
            yield return c => c.ShiftRightWords256(a, b, 4);
            yield return c => c.MultiplyAddBytes256(a, b, d);
            yield return c => c.UnpackLowBytes256(a, b, d);
            yield return c => c.UnpackLowWords256(a, b, d);
            yield return c => c.UnpackHighWords256(a, b, d);
        }
    }
}
