namespace EdgeVit.Runtime;

/// <summary>Emits all passes of a step over a tile of tokens. For AVX-512 a product leaves sixteen outputs of up to eight tokens in vectors; for
/// AVX2 it leaves 64 outputs of all tokens as sums in scratch, which an epilogue goes through for up to four tokens at a time.</summary>
internal sealed class TileEmitter(VectorCode code, StepForm form, int tokens)
{
    private const int SumChannels = 64;

    private readonly EpilogueEmitter[] _parts = Parts(code, form, tokens);
    private readonly TableProductEmitter? _tables = form.Tables is { BlockStride: 0 } tables ? new TableProductEmitter(code, tables, tokens) : null;

    internal void Emit()
    {
        int next = 0;
        if (form.Group is { } group)
        {
            Hidden(group);
            next = 1;
        }
        else if (form.Attention is { } attention)
        {
            Start();
            new AttentionEmitter(code, attention, tokens).Emit(() => Epilogues(0));
            next = 1;
        }
        else if (form.TableAttention is { } tables)
        {
            Start();
            new TableAttentionEmitter(code, tables, tokens).Emit(() => Epilogues(0));
            next = 1;
        }

        for (; next < form.Passes.Length; next++)
        {
            Pass(next);
        }
    }

    /// <summary>The tile's tokens in equal parts that fit the registers.</summary>
    private static EpilogueEmitter[] Parts(VectorCode code, StepForm form, int tokens)
    {
        var result = new EpilogueEmitter[(tokens + code.MostTokens - 1) / code.MostTokens];
        int first = 0;
        for (int i = 0; i < result.Length; i++)
        {
            int count = (tokens - first + result.Length - i - 1) / (result.Length - i);
            result[i] = new EpilogueEmitter(code, form, tokens, first, count);
            first += count;
        }

        return result;
    }

    private void Pass(int pass)
    {
        var block = new CodeLabel();
        bool product = pass == 0 && form.HasProduct;
        Start();
        if (product)
        {
            StartProduct();
        }

        code.Place(block);
        if (product)
        {
            Product();
        }

        Epilogues(pass);
        NextProduct(pass, block);
    }

    /// <summary>A pass' slots over the next channels: all whose sums are in scratch, or sixteen.</summary>
    private void Epilogues(int pass)
    {
        var loop = new CodeLabel();
        FloatProductForm? floats = pass == 0 ? form.Floats : null;
        code.Place(loop);
        foreach (EpilogueEmitter part in _parts)
        {
            if (floats is not null)
            {
                new FloatProductEmitter(code, floats, part.First, part.Tokens).Emit();
            }

            for (part.Block = 0; part.Block < code.Blocks; part.Block++)
            {
                if (floats is not null && part.Block > 0)
                {
                    part.TakeSums();
                }

                part.Emit(pass);
            }
        }

        NextBlock(VectorCode.Channels, Repeat(form.Passes[pass]));
        if (pass == 0 && form.Sums is { } sums)
        {
            NextSums(VectorCode.Channels, sums, loop);
        }
    }

    /// <summary>Channels after which a pass' repeating rows begin again; 0 for none.</summary>
    private static int Repeat(Epilogue pass)
    {
        int repeat = 0;
        foreach (ref readonly Slot s in pass.Items.AsSpan())
        {
            repeat = Math.Max(repeat, s.Modulo);
        }

        return repeat;
    }

    /// <summary>The hidden layer: its epilogue over all members of as many groups as a vector has lanes, then their means.</summary>
    private void Hidden(GroupForm group)
    {
        var groups = new GroupEmitter(code, form, group);
        var block = new CodeLabel();
        var loop = new CodeLabel();
        groups.Shortcut(tokens);
        Start();
        StartProduct();
        code.Zero(Gpr.R11);
        code.Place(block);
        if (form.Tables is { } sums)
        {
            Product();
            code.Place(loop);
            foreach (EpilogueEmitter part in _parts)
            {
                groups.Start(part);
                for (part.Block = 0; part.Block < group.Order.Size; part.Block++)
                {
                    part.Emit(0);
                    groups.Accumulate(part);
                }

                groups.Finish(part);
            }

            NextBlock(group.Order.Size * code.Lanes, group.Order.ShortcutFloats);
            code.Add(Gpr.R11, code.Bytes);
            NextSums(group.Order.Size * code.Lanes, sums, loop);
        }
        else
        {
            groups.Start(_parts[0]);
            code.Zero(Gpr.R8);
            code.Place(loop);
            Product();
            _parts[0].Emit(0);
            groups.Accumulate(_parts[0]);
            NextBlock(code.Lanes, group.Order.ShortcutFloats);
            code.Add(Gpr.R8, 1);
            code.Cmp(Gpr.R8, group.Order.Size);
            code.JumpIfBelow(loop);
            groups.Finish(_parts[0]);
            code.Add(Gpr.R11, code.Bytes);
        }

        NextProduct(0, block);
    }

    private void Start()
    {
        code.Zero(Registers.Channel);
        code.Zero(Registers.BitByte);
        code.Zero(Registers.Repeating);
    }

    /// <summary>Makes the tile's product ready.</summary>
    private void StartProduct()
    {
        if (form.Tables is { BlockStride: > 0 } given)
        {
            code.Mov(Registers.Weights, RowPointers.Slot(given.RowSlot));
            code.Sub(Registers.Weights, given.BlockStride);
            return;
        }

        if (_tables is not null)
        {
            code.Mov(Registers.Bits, RowPointers.Slot(form.Tables!.RowSlot));
            _tables.Indices();
        }

        code.Mov(Registers.Weights, RowPointers.LiteralAt(form.Tables?.WeightsLiteral ?? form.Product!.WeightsLiteral));
    }

    /// <summary>The product's next outputs, of all tokens.</summary>
    private void Product()
    {
        if (form.Tables is { } tables)
        {
            _tables?.Emit();
            if (_tables is null)
            {
                code.Add(Registers.Weights, tables.BlockStride);
            }

            code.Zero(Avx2Registers.Tables);
            return;
        }

        code.Mov(Registers.Bits, RowPointers.Slot(form.Product!.RowSlot));
        new ProductEmitter(code, form.Product.Words, form.Product.RowStride, tokens).Differences(Registers.Bits, 0);
    }

    /// <summary>Goes back to a pass' next product, or channels.</summary>
    private void NextProduct(int pass, CodeLabel block)
    {
        code.Cmp(Registers.Channel, form.Passes[pass].Channels * sizeof(float));
        code.JumpIfBelow(block);
    }

    /// <summary>Emits the step to the next channels.</summary>
    /// <param name="channels">How many there are to a block.</param>
    /// <param name="repeat">Channels after which repeating rows begin again; 0 for none.</param>
    private void NextBlock(int channels, int repeat)
    {
        code.Add(Registers.Channel, channels * sizeof(float));
        code.Add(Registers.BitByte, channels / 8);
        if (repeat > 0)
        {
            code.Zero(Gpr.Rax);
            code.Add(Registers.Repeating, channels * sizeof(float));
            code.Cmp(Registers.Repeating, repeat * sizeof(float));
            code.MovIfAboveOrEqual(Registers.Repeating, Gpr.Rax);
        }
    }

    private void NextSums(int channels, TableProductForm sums, CodeLabel loop)
    {
        if (channels < SumChannels)
        {
            code.Add(Avx2Registers.Tables, channels * sums.SumBytes);
            code.Cmp(Avx2Registers.Tables, SumChannels * sums.SumBytes);
            code.JumpIfBelow(loop);
        }
    }
}
