namespace EdgeVit.Runtime.Tests;

/// <summary>Hidden layers of feed-forward networks in the order of groups, where a kernel set takes them so: against plain loops in the order of the
/// channels, over sizes and numbers of tokens.</summary>
public sealed unsafe class HiddenLayerTests : IDisposable
{
    private const uint Present = (1U << Slots.Source) | (1U << Slots.Shortcut) | (1U << Slots.RPReLU) | (1U << Slots.Sign) | (1U << Slots.Mean);

    private readonly List<NativeBuffer> _buffers = [];
    private readonly PlanWeights _weights = new(new Dictionary<string, StoredTensor>());
    private readonly Random _random = new(1);

    public void Dispose()
    {
        _buffers.ForEach(b => b.Dispose());
        _weights.Dispose();
    }

    [Theory]
    [InlineData(64, 8)]
    [InlineData(64, 4)]
    [InlineData(64, 2)]
    [InlineData(192, 8)]
    [InlineData(320, 4)]
    [InlineData(128, 2)]
    public void GroupsComputeWhatTheirChannelsDo(int groups, int size)
    {
        KernelChoice[] choices = [.. KernelSets.Available.Where(k => KernelSets.Make(k).Rows.GroupLanes > 0)];
        Assert.SkipUnless(choices.Length > 0, "the kernel sets of this processor take hidden layers in the order of their channels, or compile them");
        foreach (RowKernel kernel in choices.Select(k => KernelSets.Make(k).Rows))
        {
            foreach (int tokens in new[] { kernel.Tokens, 1 })
            {
                Check(kernel, groups, size, tokens);
            }
        }
    }

    private void Check(RowKernel kernel, int groups, int size, int tokens)
    {
        int channels = groups * size;
        float* arena = Floats(tokens * ((2 * groups) + channels));
        Slot[] slots = new Slot[Slots.Count];
        slots[Slots.Source] = new Slot { Space = RowSpace.Tile, Stride = channels * sizeof(short), Joins = true, P0 = Floats(channels), P1 = Floats(channels) };
        slots[Slots.Shortcut] = new Slot { Space = RowSpace.Arena, Stride = groups * sizeof(float), Modulo = groups };
        slots[Slots.RPReLU] = new Slot { P1 = Floats(channels) };
        slots[Slots.Sign] = new Slot { Space = RowSpace.Arena, Offset = 2L * tokens * groups * sizeof(float), Stride = channels / 8, P0 = Floats(channels), Number = channels };
        slots[Slots.Mean] = new Slot { Space = RowSpace.Arena, Offset = (long)tokens * groups * sizeof(float), Stride = groups * sizeof(float), Number = size, Factor = 1f / size };
        Assert.Equal(Present, RowKernel.Present(slots));
        var natural = new RowPasses(kernel, [new Epilogue(channels, slots, new NeighbourRows?[Slots.Count])], 1, 64);
        RowPasses passes = HiddenLayer.InGroups(natural, kernel, _weights, out GroupOrder? order);
        Assert.NotNull(order);

        short* tile = (short*)Allocate(tokens * channels * sizeof(short));
        var counts = new short[tokens * channels];
        for (int i = 0; i < counts.Length; i++)
        {
            int channel = order.Channel(i % channels);
            tile[i] = counts[(i / channels * channels) + channel] = (short)_random.Next(short.MinValue, short.MaxValue + 1);
        }

        var memory = new ThreadMemory((byte*)arena, Allocate((int)passes.ScratchBytes), null);
        Slot* prepared = passes.Prepare(memory, memory.Scratch, (byte*)tile);
        passes.Run(prepared, 0, 0, tokens);
        for (int t = 0; t < tokens; t++)
        {
            for (int g = 0; g < groups; g++)
            {
                float sum = 0;
                for (int c = g * size; c < (g + 1) * size; c++)
                {
                    Slot source = slots[Slots.Source];
                    float x = MathF.FusedMultiplyAdd(source.P0[c], counts[(t * channels) + c], arena[(t * groups) + (c % groups)] + source.P1[c]);
                    x = MathF.FusedMultiplyAdd(Math.Min(x, 0), slots[Slots.RPReLU].P1[c], x);
                    sum += x;
                    byte bits = ((byte*)arena + slots[Slots.Sign].Offset)[(t * channels / 8) + (c / 8)];
                    Assert.True(((bits >> (c % 8)) & 1) != 0 == x >= slots[Slots.Sign].P0[c], $"{groups} x {size}, token {t} of {tokens}, sign {c}");
                }

                float mean = arena[((tokens + t) * groups) + g];
                Assert.True(BitConverter.SingleToUInt32Bits(sum * (1f / size)) == BitConverter.SingleToUInt32Bits(mean), $"{groups} x {size}, token {t} of {tokens}, mean {g}");
            }
        }
    }

    private byte* Allocate(int bytes)
    {
        _buffers.Add(new NativeBuffer(bytes));
        return _buffers[^1].Pointer;
    }

    private float* Floats(int count)
    {
        float* values = (float*)Allocate(count * sizeof(float));
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(_random.NextDouble() - 0.5) * MathF.Pow(10, _random.Next(-2, 3));
        }

        return values;
    }
}
