namespace EdgeVit.Runtime;

/// <summary>Emits a float product for sixteen outputs of up to four tokens: acc = bias; acc = fma(x, w, acc) in the order channel, row,
/// column. The first eight outputs go to vectors 0 to 3, the others to those at <see cref="Avx2Registers.Sum"/>. Scalar twin:
/// <see cref="VectorRowKernel{TLanes, TVector}.Multiply"/> with <see cref="Lanes1"/>.</summary>
internal sealed class Avx2FloatProductEmitter(X64Assembler code, FloatProductForm form, int first, int tokens)
{
    private const int MostUnrolled = 64;
    private const int Weights = Avx2Registers.Parameter;
    private const int Input = Avx2Registers.Temporary;

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
        for (int t = 0; t < tokens; t++)
        {
            code.Load256(t, new Mem(Gpr.Rax, Registers.Channel, 0));
            code.Load256(Avx2Registers.Sum + t, new Mem(Gpr.Rax, Registers.Channel, 32));
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
                code.Load256(Weights, new Mem(Registers.Weights, k * form.OutputStep));
                code.Load256(Weights + 1, new Mem(Registers.Weights, (k * form.OutputStep) + 32));
                for (int t = 0; t < tokens; t++)
                {
                    code.BroadcastSingle256(Input + t, new Mem(Registers.Bits, at + ((first + t) * form.TokenStep)));
                    code.Fma231Single256(t, Input + t, Weights);
                    code.Fma231Single256(Avx2Registers.Sum + t, Input + t, Weights + 1);
                }
            }
        }
    }
}
