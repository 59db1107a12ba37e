namespace EdgeVit.Runtime;

/// <summary>Emits steps for AVX2: a product gives 64 outputs of all the tile's tokens as sums in scratch, then an epilogue goes through them eight
/// channels and up to four tokens at a time.</summary>
internal sealed class Avx2StepEmitter(X64Assembler code, StepForm form)
    : StepEmitter(code, form)
{
    private const int BlockChannels = 64;

    /// <summary>Vectors to an iteration where nothing asks for another number.</summary>
    private const int Unrolled = 2;

    protected override void Constants()
    {
        Code.Mov(Gpr.Rax, RowPointers.LiteralAt(Form.OneLiteral));
        Code.BroadcastSingle256(Avx2Registers.One, new Mem(Gpr.Rax));
    }

    protected override void Tile(int tokens)
    {
        Avx2EpilogueEmitter[] epilogues = Split(tokens);
        int next = 0;
        if (Form.Group is { } group)
        {
            Hidden(epilogues, group, tokens);
            next = 1;
        }
        else if (Form.TableAttention is { } attention)
        {
            Start();
            new TableAttentionEmitter(Code, attention, epilogues, tokens).Emit(() => Epilogues(epilogues, Form.Instructions[0]));
            next = 1;
        }

        for (; next < Form.Instructions.Length; next++)
        {
            RowInstruction pass = Form.Instructions[next];
            if (next == 0 && Form.Tables is not null)
            {
                Blocks(epilogues, pass);
            }
            else
            {
                Pass(epilogues, pass, next == 0);
            }
        }
    }

    /// <summary>The tile's tokens in equal parts that fit the registers.</summary>
    private Avx2EpilogueEmitter[] Split(int tokens)
    {
        int parts = (tokens + Avx2Registers.MaxTokens - 1) / Avx2Registers.MaxTokens;
        var result = new Avx2EpilogueEmitter[parts];
        int first = 0;
        for (int i = 0; i < parts; i++)
        {
            int count = (tokens - first + parts - i - 1) / (parts - i);
            result[i] = new Avx2EpilogueEmitter(Code, Form.Places, Form.Sums, tokens, first, count);
            first += count;
        }

        return result;
    }

    /// <summary>A pass without a binary product.</summary>
    private void Pass(Avx2EpilogueEmitter[] epilogues, RowInstruction pass, bool isFirst)
    {
        var loop = new CodeLabel();
        Start();
        Code.Place(loop);
        foreach (Avx2EpilogueEmitter epilogue in epilogues)
        {
            if (isFirst && Form.Floats is { } floats)
            {
                new Avx2FloatProductEmitter(Code, floats, epilogue.First, epilogue.Tokens).Emit();
            }

            for (epilogue.Block = 0; epilogue.Block < Unrolled; epilogue.Block++)
            {
                Ops(epilogue, pass);
                if (isFirst && Form.Floats is not null && epilogue.Block == 0)
                {
                    epilogue.TakeSums();
                }
            }
        }

        NextBlock(Unrolled * Avx2Registers.Lanes, Repeat(pass));
        Code.Cmp(Registers.Channel, pass.Channels * sizeof(float));
        Code.JumpIfBelow(loop);
    }

    /// <summary>A pass with a binary product.</summary>
    private void Blocks(Avx2EpilogueEmitter[] epilogues, RowInstruction pass)
    {
        var block = new CodeLabel();
        Start();
        Code.Mov(Registers.Weights, RowPointers.LiteralAt(Form.Tables!.WeightsLiteral));
        Code.Place(block);
        Product(epilogues);
        Epilogues(epilogues, pass);
        Code.Cmp(Registers.Channel, pass.Channels * sizeof(float));
        Code.JumpIfBelow(block);
    }

    /// <summary>A pass' epilogues over the 64 channels whose sums are in scratch.</summary>
    private void Epilogues(Avx2EpilogueEmitter[] epilogues, RowInstruction pass)
    {
        var loop = new CodeLabel();
        Code.Place(loop);
        foreach (Avx2EpilogueEmitter epilogue in epilogues)
        {
            for (epilogue.Block = 0; epilogue.Block < Unrolled; epilogue.Block++)
            {
                Ops(epilogue, pass);
            }
        }

        NextBlock(Unrolled * Avx2Registers.Lanes, Repeat(pass));
        NextSums(Unrolled * Avx2Registers.Lanes, loop);
    }

    private void Hidden(Avx2EpilogueEmitter[] epilogues, GroupForm group, int tokens)
    {
        var groups = new Avx2GroupEmitter(Code, group.Order);
        int size = group.Order.Size;
        groups.Shortcut(RowPointers.Slot(group.SourceSlot), group.SourceStride, group.ShortcutOffset, Form.ScratchRowBytes, tokens);
        var block = new CodeLabel();
        var loop = new CodeLabel();
        Start();
        Code.Zero(Gpr.R11);
        Code.Mov(Registers.Weights, RowPointers.LiteralAt(Form.Tables!.WeightsLiteral));
        Code.Place(block);
        Product(epilogues);
        Code.Place(loop);
        foreach (Avx2EpilogueEmitter epilogue in epilogues)
        {
            for (epilogue.Block = 0; epilogue.Block < size; epilogue.Block++)
            {
                Ops(epilogue, Form.Instructions[0]);
                groups.Accumulate(epilogue.Tokens, epilogue.Block == 0);
            }

            groups.Finish(Form.Places[group.MeanOp], RowPointers.LiteralAt(group.InverseLiteral), epilogue.First, epilogue.Tokens);
        }

        NextBlock(size * Avx2Registers.Lanes, group.Order.ShortcutFloats);
        Code.Add(Gpr.R11, 32);
        NextSums(size * Avx2Registers.Lanes, loop);
        Code.Cmp(Registers.Channel, group.Order.Channels * sizeof(float));
        Code.JumpIfBelow(block);
    }

    private void Start()
    {
        Code.Zero(Registers.Channel);
        Code.Zero(Registers.BitByte);
        Code.Zero(Registers.Repeating);
    }

    /// <summary>The sums of 64 outputs of all tokens.</summary>
    private void Product(Avx2EpilogueEmitter[] epilogues)
    {
        for (int i = 0; i < epilogues.Length; i++)
        {
            if (i > 0)
            {
                Code.Sub(Registers.Weights, Form.Tables!.Words * 8 * 2 * BlockChannels);
            }

            new TableProductEmitter(Code, Form.Tables!, epilogues[i].First, epilogues[i].Tokens).Emit();
        }

        Code.Zero(Avx2Registers.Tables);
    }

    private void NextSums(int channels, CodeLabel loop)
    {
        int width = Form.Sums!.SumBytes;
        if (channels == BlockChannels)
        {
            return;
        }

        Code.Add(Avx2Registers.Tables, channels * width);
        Code.Cmp(Avx2Registers.Tables, BlockChannels * width);
        Code.JumpIfBelow(loop);
    }
}
