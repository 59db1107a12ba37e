namespace EdgeVit.Runtime;

/// <summary>Emits steps for AVX-512 with VPOPCNTDQ: sixteen channels a block, up to eight tokens in vectors side by side.</summary>
internal sealed class Avx512StepEmitter(X64Assembler code, StepForm form)
    : StepEmitter(code, form)
{
    protected override void Constants()
    {
        Code.Xor(Registers.Zero, Registers.Zero, Registers.Zero);
        if (Form.Product is { } product)
        {
            Constant(Registers.Inputs, product.InputsLiteral);
            Constant(Registers.MinusTwo, product.MinusTwoLiteral);
        }
    }

    protected override void Tile(int tokens)
    {
        var epilogue = new EpilogueEmitter(Code, Form.Places, tokens);
        int next = 0;
        if (Form.Group is { } group)
        {
            Hidden(epilogue, group, tokens);
            next = 1;
        }
        else if (Form.Attention is { } attention)
        {
            new AttentionEmitter(Code, attention, tokens).Emit(() =>
            {
                Ops(epilogue, Form.Instructions[0]);
                NextBlock(16, 0);
            });
            next = 1;
        }

        for (; next < Form.Instructions.Length; next++)
        {
            Pass(epilogue, Form.Instructions[next], next == 0 ? Source(tokens) : null);
        }
    }

    /// <summary>What brings the first epilogue's blocks into the vectors.</summary>
    private Action? Source(int tokens)
    {
        if (Form.Floats is { } floats)
        {
            return new FloatProductEmitter(Code, floats, tokens).Emit;
        }

        return Form.Product is not { } product ? null : () =>
        {
            Code.Mov(Registers.Bits, RowPointers.Slot(product.RowSlot));
            new ProductEmitter(Code, product.Words, product.RowStride, tokens).Differences(Registers.Bits, 0);
        };
    }

    private void Pass(EpilogueEmitter epilogue, RowInstruction pass, Action? source)
    {
        int repeat = Repeat(pass);
        var loop = new CodeLabel();
        Code.Zero(Registers.Channel);
        Code.Zero(Registers.BitByte);
        Code.Zero(Registers.Repeating);
        if (Form.Product is { } product && source is not null)
        {
            Code.Mov(Registers.Weights, RowPointers.LiteralAt(product.WeightsLiteral));
        }

        Code.Place(loop);
        source?.Invoke();
        Ops(epilogue, pass);
        NextBlock(16, repeat);
        Code.Cmp(Registers.Channel, pass.Channels * sizeof(float));
        Code.JumpIfBelow(loop);
    }

    private void Hidden(EpilogueEmitter epilogue, GroupForm group, int tokens)
    {
        var groups = new GroupEmitter(Code, group.Order, tokens);
        var product = new ProductEmitter(Code, Form.Product!.Words, Form.Product.RowStride, tokens);
        groups.Shortcut(
            RowPointers.Slot(group.SourceSlot), group.SourceStride, group.ShortcutOffset, Form.ScratchRowBytes, RowPointers.LiteralAt(group.IndicesLiteral));
        Code.Zero(Registers.Channel);
        Code.Zero(Registers.BitByte);
        Code.Zero(Registers.Repeating);
        Code.Zero(Gpr.R11);
        Code.Mov(Registers.Weights, RowPointers.LiteralAt(Form.Product.WeightsLiteral));
        var block = new CodeLabel();
        var member = new CodeLabel();
        Code.Place(block);
        groups.Start();
        Code.Zero(Gpr.R8);
        Code.Place(member);
        Code.Mov(Registers.Bits, RowPointers.Slot(Form.Product.RowSlot));
        product.Differences(Registers.Bits, 0);
        Ops(epilogue, Form.Instructions[0]);
        groups.Accumulate();
        NextBlock(16, group.Order.ShortcutFloats);
        Code.Add(Gpr.R8, 1);
        Code.Cmp(Gpr.R8, group.Order.Size);
        Code.JumpIfBelow(member);
        groups.Finish(Form.Places[group.MeanOp], RowPointers.LiteralAt(group.InverseLiteral));
        Code.Add(Gpr.R11, 64);
        Code.Cmp(Gpr.R11, group.Order.Groups * sizeof(float));
        Code.JumpIfBelow(block);
    }

    private void Constant(int vector, int literal)
    {
        Code.Mov(Gpr.Rax, RowPointers.LiteralAt(literal));
        Code.BroadcastSingle(vector, new Mem(Gpr.Rax));
    }
}
