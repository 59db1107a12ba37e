namespace EdgeVit.Runtime;

/// <summary>Emits a float product for sixteen outputs of some tokens: acc = bias; acc = fma(x, w, acc) in the order channel, row, column. The first
/// vector of outputs is at 0, a second at <see cref="VectorCode.Sum"/>. Scalar twin: <see cref="LaneRowKernel{TLanes, TVector}.Multiply"/> with
/// <see cref="Lanes1"/>.</summary>
internal sealed class FloatProductEmitter(VectorCode code, FloatProductForm form, int first, int tokens)
{
    private const int MostUnrolled = 64;

    /// <summary>Emits the product of the channels at <see cref="Registers.Channel"/>.</summary>
    internal void Emit()
    {
        code.Mov(Gpr.Rdi, RowPointers.Slot(form.WindowSlot));
        code.MovSignExtended(Registers.Bits, new Mem(Gpr.Rdi));
        if (form.InputSlot < 0)
        {
            code.Add(Registers.Bits, Registers.Arena);
        }
        else
        {
            code.Mov(Gpr.Rax, RowPointers.Slot(form.InputSlot));
            code.Add(Registers.Bits, Gpr.Rax);
        }

        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.BiasLiteral));
        for (int i = 0; i < code.Blocks * tokens; i++)
        {
            code.LoadVector(Output(i / tokens, i % tokens), new Mem(Gpr.Rax, Registers.Channel, i / tokens * code.Bytes));
        }

        code.Mov(Registers.Weights, RowPointers.LiteralAt(form.WeightsLiteral));
        code.Add(Registers.Weights, Registers.Channel);
        if (form.Channels * form.Kernel * form.Kernel <= MostUnrolled)
        {
            for (int c = 0; c < form.Channels; c++)
            {
                Window(c);
            }

            return;
        }

        var loop = new CodeLabel();
        code.Zero(Gpr.Rsi);
        code.Place(loop);
        Window(0);
        code.Add(Registers.Weights, form.Kernel * form.Kernel * form.OutputStep);
        code.Add(Registers.Bits, form.ChannelStep);
        code.Add(Gpr.Rsi, 1);
        code.Cmp(Gpr.Rsi, form.Channels);
        code.JumpIfBelow(loop);
    }

    private void Window(int channel)
    {
        for (int y = 0; y < form.Kernel; y++)
        {
            for (int x = 0; x < form.Kernel; x++)
            {
                int k = (((channel * form.Kernel) + y) * form.Kernel) + x;
                int at = (channel * form.ChannelStep) + (y * form.RowStep) + (x * form.PixelStep);
                for (int block = 0; block < code.Blocks; block++)
                {
                    code.LoadVector(code.Parameter + block, new Mem(Registers.Weights, (k * form.OutputStep) + (block * code.Bytes)));
                }

                for (int t = 0; t < tokens; t++)
                {
                    int input = code.Temporary + t;
                    code.BroadcastSingle(input, new Mem(Registers.Bits, at + ((first + t) * form.TokenStep)));
                    for (int block = 0; block < code.Blocks; block++)
                    {
                        code.Fma231(Output(block, t), input, code.Parameter + block);
                    }
                }
            }
        }
    }

    private int Output(int block, int token) => (block * code.Sum) + token;
}
