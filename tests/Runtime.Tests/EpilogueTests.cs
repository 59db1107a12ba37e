namespace EdgeVit.Runtime.Tests;

/// <summary>Epilogues of every kernel set against plain loops: random slots, what they write compared, over widths and numbers of tokens.</summary>
public sealed unsafe class EpilogueTests : IDisposable
{
    private const int ArenaFloats = 1 << 16;

    // What kernels have code of their own for, and what is nearly that.
    private static readonly int[][] s_forms =
    [
        [Slots.Shortcut, Slots.RPReLU, Slots.Sign, Slots.Mean],
        [Slots.Shortcut, Slots.RPReLU, Slots.Store, Slots.Sign],
        [Slots.Shortcut, Slots.Shortcut + 1, Slots.Shortcut + 2, Slots.RPReLU, Slots.Store, Slots.Sign, Slots.Sign + 1],
        [Slots.Shortcut, Slots.RPReLU, Slots.Residual, Slots.Store, Slots.Norm, Slots.NormStore, Slots.Sign],
    ];

    private readonly List<NativeBuffer> _buffers = [];
    private Random _random = new(1);

    public static TheoryData<string> Kernels => [.. KernelSets.Available.Select(KernelSets.Name)];

    public void Dispose() => _buffers.ForEach(b => b.Dispose());

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EpiloguesComputeWhatTheirSlotsSay(string name)
    {
        RowKernel kernel = KernelSets.Make(Models.Choice(name)).Rows;
        Assert.InRange(kernel.Tokens, 1, Slots.MaxTokens);
        for (int seed = 0; seed < 240; seed++)
        {
            _random = new Random(seed);
            int channels = 64 * _random.Next(1, 6);
            int tokens = _random.Next(4) == 0 ? 1 : kernel.Tokens;
            Slot[] slots = Make(seed, channels, tokens, kernel);
            Run(kernel, slots, channels, tokens, $"{name} seed {seed}");
        }
    }

    /// <summary>Windows of three and five tokens over grids of every width, of tokens in one row of the grid and in two, of a grid's edge and its inside.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void PoolsOfTokensOfAGridSumTheirWindows(string name)
    {
        RowKernel kernel = KernelSets.Make(Models.Choice(name)).Rows;
        for (int seed = 0; seed < 80; seed++)
        {
            _random = new Random(seed);
            (int channels, int height, int width) = (64 * _random.Next(1, 4), _random.Next(1, 8), _random.Next(4, 12));
            int tokens = _random.Next(8) == 0 ? 1 : kernel.Tokens;
            Slot[] slots = new Slot[Slots.Count];
            int[] parts = [Slots.Source, Slots.Shortcut, Slots.RPReLU, Slots.Residual, Slots.Store, Slots.Norm, Slots.NormStore, Slots.Sign, Slots.Sign + 1];
            foreach (int i in parts.Where(i => i is not (Slots.Store or Slots.NormStore) || _random.Next(2) == 0))
            {
                slots[i] = Make(i, channels, tokens, plain: true);
            }

            slots[Slots.Source].Joins = true;
            slots[Slots.Residual].P0 = Floats(channels);
            Pools(slots, (height, width), tokens, channels, first: _random.Next((height * width) - tokens + 1));
            Run(kernel, slots, channels, tokens, $"{name} seed {seed}");
        }
    }

    /// <summary>Runs an epilogue and compares what it wrote of every token.</summary>
    private void Run(RowKernel kernel, Slot[] slots, int channels, int tokens, string what)
    {
        fixed (Slot* s = slots)
        {
            kernel.Epilogue(slots)(s, RowKernel.Present(slots), channels);
            for (int t = 0; t < tokens; t++)
            {
                AssertToken(slots, t, channels, $"{what} token {t}");
            }
        }

        Dispose();
        _buffers.Clear();
    }

    /// <summary>The branches of tokens from one on: windows over a grid whose rows lie behind a row of zeros.</summary>
    private void Pools(Slot[] slots, (int Height, int Width) grid, int tokens, int channels, int first)
    {
        byte* arena = (byte*)Floats(((grid.Height * grid.Width) + 1) * channels);
        new Span<float>(arena, channels).Clear();
        int rowBytes = channels * sizeof(float);
        (int Above, int Beside)[] reaches = [(1, 0), (0, 1), (2, 0), (0, 2)];
        for (int i = 0; i < reaches.Length; i++)
        {
            (int above, int beside) = reaches[i];
            int reach = above + beside;
            int rows = (2 * reach) + 1;
            int* places = (int*)Allocate(tokens * rows * sizeof(int));
            for (int at = 0; at < tokens * rows; at++)
            {
                (int token, int step) = (first + (at / rows), (at % rows) - reach);
                int y = (token / grid.Width) + (above > 0 ? step : 0), x = (token % grid.Width) + (above > 0 ? 0 : step);
                places[at] = y >= 0 && y < grid.Height && x >= 0 && x < grid.Width ? ((y * grid.Width) + x + 1) * rowBytes : 0;
            }

            slots[Slots.Branch + i] = new Slot
            {
                Space = RowSpace.Arena,
                Row = arena,
                Places = places,
                At = places,
                Rows = rows,
                Parts = 1,
                Factor = 1,
                Reach = (above, beside),
                Step = tokens == 1 ? 0 : rows,
                P0 = Floats(channels),
            };
        }
    }

    private Slot[] Make(int seed, int channels, int tokens, RowKernel kernel)
    {
        var slots = new Slot[Slots.Count];
        bool isForm = seed % 3 == 0;
        int[] present = isForm ? s_forms[seed / 3 % s_forms.Length] : [.. Enumerable.Range(1, Slots.Count - 1).Where(_ => _random.Next(2) == 0)];

        foreach (int i in present)
        {
            // A slot behind an empty one of its kind is never filled.
            if ((i != Slots.Mean || kernel.TakesGroupMean(8)) && (!IsLater(i) || slots[i - 1].IsPresent))
            {
                slots[i] = Make(i, channels, tokens, isForm && seed % 2 == 0);
            }
        }

        slots[Slots.Source] = Make(Slots.Source, channels, tokens, isForm);
        slots[Slots.Source].Joins = slots[Slots.Source].P0 != null && slots[Slots.Shortcut].IsPresent && _random.Next(3) > 0;
        return slots;
    }

    private static bool IsLater(int slot) => slot is (> Slots.Shortcut and < Slots.RPReLU) or (> Slots.Branch and < Slots.Store) or (> Slots.Sign and < Slots.Mean);

    /// <summary>A slot for the tokens; with one of them its steps are 0. Rows that it writes are twice as long as the channels: what must be found there
    /// goes behind them. Sums of rows with weights are held by the random graphs.</summary>
    private Slot Make(int slot, int channels, int tokens, bool plain)
    {
        var s = new Slot { P0 = Floats(channels), P1 = Floats(channels), P2 = Floats(channels), Factor = 1, Parts = 1, Rows = 1 };
        bool isBranch = slot is >= Slots.Branch and < Slots.Store;
        bool isRow = slot is Slots.Source or (>= Slots.Shortcut and < Slots.RPReLU) or Slots.Residual;
        switch (slot)
        {
            case Slots.RPReLU when plain || _random.Next(2) == 0:
                s.P0 = s.P2 = null;
                return s;
            case Slots.RPReLU or Slots.Norm:
                return s;
            case Slots.Source when plain || _random.Next(3) == 0:
                s.Step = tokens == 1 ? 0 : channels * sizeof(short);
                s.Row = (byte*)Counts(channels * tokens, _random.Next(2) == 0);
                s.Space = RowSpace.Tile;
                return s;
            case Slots.Mean:
                s.Number = _random.Next(2) == 0 ? 4 : 8;
                s.Factor = 1f / s.Number;
                break;
            case >= Slots.Sign:
                s.Number = channels - (plain ? 0 : _random.Next(64));
                new Span<float>(s.P0 + s.Number, channels - s.Number).Fill(float.NaN);
                break;
            case Slots.Source when !plain && _random.Next(3) == 0:
                s.P0 = null;
                (s.Rows, s.Space) = (_random.Next(1, 50), RowSpace.Arena);
                s.P2 = Floats(channels * s.Rows);
                Neighbours(ref s, tokens, channels);
                return s;
            case Slots.Source or (>= Slots.Shortcut and < Slots.RPReLU):
                s.P0 = s.P1 = s.P2 = null;
                break;
            case Slots.Residual when _random.Next(2) == 0:
                s.P0 = null;
                break;
            default:
                break;
        }

        s.P1 = isBranch && _random.Next(3) == 0 ? s.P1 : null;
        s.Space = RowSpace.Arena;
        bool isLaterShortcut = slot is > Slots.Shortcut and < Slots.RPReLU;
        if (isBranch || (isRow && (!plain || isLaterShortcut) && _random.Next(isLaterShortcut ? 2 : 3) == 0))
        {
            s.Parts = _random.Next(3) == 0 ? 2 : 1;
            s.Rows = isRow && _random.Next(2) == 0 ? 1 : _random.Next(1, 10);
            s.Factor = _random.Next(2) == 0 ? 1 : 0.75f / s.Rows;
            Neighbours(ref s, tokens, channels);
            return s;
        }

        s.Modulo = isRow && _random.Next(3) == 0 ? 64 * _random.Next(1, 4) : 0;
        s.Step = tokens == 1 ? 0 : 2 * channels * sizeof(float);
        s.Row = (byte*)Floats(2 * channels * tokens);
        return s;
    }

    /// <summary>Rows of a slot's neighbours at random places.</summary>
    private void Neighbours(ref Slot s, int tokens, int channels)
    {
        s.Row = (byte*)Floats(ArenaFloats);
        s.Step = tokens == 1 ? 0 : s.Parts * s.Rows;
        s.Places = s.At = (int*)Allocate(tokens * s.Parts * s.Rows * sizeof(int));
        for (int i = 0; i < tokens * s.Parts * s.Rows; i++)
        {
            s.Places[i] = 64 * _random.Next((ArenaFloats - channels) / 16);
        }
    }

    /// <summary>What the slots make of a token's row, channel by channel, against what they wrote.</summary>
    private static void AssertToken(Slot[] slots, int token, int channels, string what)
    {
        var x = new float[channels];
        for (int i = 0; i < slots.Length; i++)
        {
            Slot s = slots[i];
            if (!s.IsPresent)
            {
                continue;
            }

            for (int c = 0; c < channels; c++)
            {
                x[c] = s.Joins ? Joined(s, slots[Slots.Shortcut], token, c)
                    : i == Slots.Shortcut && slots[Slots.Source].Joins ? x[c]
                    : Apply(i, s, token, c, channels, x[c]);
            }

            AssertWritten(i, s, s.Row + (token * s.Step), x, $"{what} slot {i}");
        }
    }

    private static float Apply(int slot, in Slot s, int token, int c, int channels, float x) => slot switch
    {
        Slots.Source when s.P0 != null => MathF.FusedMultiplyAdd(s.P0[c], ((short*)(s.Row + (token * s.Step)))[c], s.P1[c]),
        Slots.Source when s.P2 != null => Weighted(s, token, c, channels),
        Slots.Source => Row(s, token, c),
        < Slots.RPReLU => x + Row(s, token, c),
        Slots.RPReLU when s.P0 == null => MathF.FusedMultiplyAdd(Math.Min(x, 0), s.P1[c], x),
        Slots.RPReLU => MathF.FusedMultiplyAdd(Math.Min(x - s.P0[c], 0), s.P1[c], x - s.P0[c]) + s.P2[c],
        Slots.Residual when s.P0 == null => x + Row(s, token, c),
        Slots.Residual => MathF.FusedMultiplyAdd(s.P0[c], x, Row(s, token, c)),
        < Slots.Store when s.P1 == null => MathF.FusedMultiplyAdd(s.P0[c], Row(s, token, c), x),
        < Slots.Store => x + MathF.FusedMultiplyAdd(s.P0[c], Row(s, token, c), s.P1[c]),
        Slots.Norm => MathF.FusedMultiplyAdd(s.P0[c], x, s.P1[c]),
        _ => x,
    };

    private static float Joined(in Slot s, in Slot shortcut, int token, int c) =>
        MathF.FusedMultiplyAdd(s.P0[c], ((short*)(s.Row + (token * s.Step)))[c], Row(shortcut, token, c) + s.P1[c]);

    /// <summary>A depthwise convolution's sum.</summary>
    private static float Weighted(in Slot s, int token, int c, int channels)
    {
        float sum = s.P1[c];
        for (int i = 0; i < s.Rows; i++)
        {
            sum = MathF.FusedMultiplyAdd(s.P2[(i * channels) + c], *(float*)(s.Row + s.At[(token * s.Rows) + i] + (c * sizeof(float))), sum);
        }

        return sum;
    }

    private static float Row(in Slot s, int token, int c)
    {
        if (s.Places == null)
        {
            return ((float*)(s.Row + (token * s.Step)))[s.Modulo == 0 ? c : c % s.Modulo];
        }

        float sum = 0;
        int part = s.Parts == 1 ? 0 : TokenShift.Direction(c);
        for (int i = 0; i < s.Rows; i++)
        {
            sum += *(float*)(s.Row + s.At[(((token * s.Parts) + part) * s.Rows) + i] + (c * sizeof(float)));
        }

        return sum * s.Factor;
    }

    private static void AssertWritten(int slot, Slot s, byte* row, float[] x, string what)
    {
        switch (slot)
        {
            case Slots.Store or Slots.NormStore:
                Models.AssertSameBits(x, new ReadOnlySpan<float>(row, x.Length), what);
                break;
            case Slots.Mean:
                for (int g = 0; g < x.Length / s.Number; g++)
                {
                    float sum = 0;
                    foreach (float value in x.AsSpan(g * s.Number, s.Number))
                    {
                        sum += value;
                    }

                    Assert.True(sum * s.Factor == ((float*)row)[g], $"{what}, group {g}");
                }

                break;
            case >= Slots.Sign:
                for (int c = 0; c < x.Length; c++)
                {
                    Assert.True((((row[c >> 3] >> (c & 7)) & 1) != 0) == (c < s.Number && x[c] >= s.P0[c]), $"{what}, channel {c}");
                }

                break;
            default:
                break;
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
            values[i] = _random.Next(20) == 0 ? 0 : (float)(_random.NextDouble() - 0.5) * MathF.Pow(10, _random.Next(-2, 3));
        }

        return values;
    }

    private short* Counts(int count, bool mayBeNegative)
    {
        short* values = (short*)Allocate(count * sizeof(short));
        for (int i = 0; i < count; i++)
        {
            values[i] = (short)_random.Next(mayBeNegative ? short.MinValue : 0, short.MaxValue + 1);
        }

        return values;
    }
}
