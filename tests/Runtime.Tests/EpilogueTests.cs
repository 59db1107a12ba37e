namespace EdgeVit.Runtime.Tests;

/// <summary>Epilogues of every kernel set against plain loops: random ops behind a load, what they store compared, over widths and numbers
/// of tokens.</summary>
public sealed unsafe class EpilogueTests : IDisposable
{
    // What kernels have code of their own for.
    private static readonly EpilogueOpKind[] s_hidden =
        [EpilogueOpKind.LoadCounts, EpilogueOpKind.AddRow, EpilogueOpKind.RPReLU, EpilogueOpKind.Sign, EpilogueOpKind.GroupMean];

    private readonly List<NativeBuffer> _buffers = [];
    private Random _random = new(1);

    public static TheoryData<string> Kernels => [.. KernelSets.Available.Select(KernelSets.Name)];

    public void Dispose() => _buffers.ForEach(b => b.Dispose());

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EpiloguesComputeWhatTheirOpsSay(string name)
    {
        RowKernel kernel = KernelSets.Make(Models.Choice(name)).Rows;
        Assert.InRange(kernel.Tokens, 1, EpilogueOp.MaxTokens);
        for (int seed = 0; seed < 200; seed++)
        {
            _random = new Random(seed);
            int channels = 64 * _random.Next(1, 6);
            int tokens = _random.Next(4) == 0 ? 1 : kernel.Tokens;
            var stages = new EpilogueOp[seed % 3 == 0 ? s_hidden.Length + (seed % 2) : _random.Next(3, 10)];
            var expected = new float[tokens][];
            for (int i = 0; i < stages.Length; i++)
            {
                EpilogueOpKind kind = (EpilogueOpKind)_random.Next(i == 0 ? (int)EpilogueOpKind.AddRow : (int)EpilogueOpKind.Sign + 1);
                kind = seed % 3 == 0 && i < s_hidden.Length ? s_hidden[i] : kind;
                kind = seed % 3 != 0 && i == stages.Length - 1 ? EpilogueOpKind.Store : kind;
                kind = kind == EpilogueOpKind.GroupMean && !kernel.TakesGroupMean(8) ? EpilogueOpKind.Affine : kind;
                stages[i] = Make(kind, kernel.Tokens, tokens, channels);
                for (int t = 0; t < tokens; t++)
                {
                    expected[t] = Apply(stages[i], kernel.Tokens, t, expected[t], channels);
                }
            }

            EpilogueOpKind[] kinds = [.. stages.Select(s => s.Kind)];
            fixed (EpilogueOp* s = stages)
            {
                kernel.Fuse(s, stages.Length);
                kernel.Epilogue(s, stages.Length, channels);
                for (int t = 0; t < tokens; t++)
                {
                    for (int i = 0; i < stages.Length; i++)
                    {
                        AssertStored(s[i], kinds[i], t, channels, $"{name} seed {seed} stage {i} {kinds[i]} token {t}");
                    }
                }
            }

            Dispose();
            _buffers.Clear();
        }
    }

    /// <summary>A stage with rows for its tokens, the last one's repeated as <see cref="RowProgram"/> does. Rows that a stage writes are
    /// followed by what must be found there.</summary>
    private EpilogueOp Make(EpilogueOpKind kind, int kernelTokens, int tokens, int channels)
    {
        var s = new EpilogueOp
        {
            Kind = kind,
            P0 = Floats(channels),
            P1 = Floats(channels),
            P2 = Floats(channels),
            Number = kind switch
            {
                EpilogueOpKind.LoadDifferences => _random.Next(1, GraphValidator.MaxInputs),
                EpilogueOpKind.LoadCounts => _random.Next(4) == 0 ? -1 : 0,
                _ => 1f / _random.Next(1, 9),
            },
            Modulo = kind is EpilogueOpKind.Load or EpilogueOpKind.AddRow or EpilogueOpKind.ScaleAddRow or EpilogueOpKind.AddScaledRow && _random.Next(3) == 0 ? 64 * _random.Next(1, 4) : 0,
            Group = _random.Next(2) == 0 ? 4 : 8,
            Channels = channels - _random.Next(64),
            Window = new PoolWindow(_random.Next(1, 4), _random.Next(1, 4), 1, 1, 0, 0),
            GridWidth = 5,
            Stride = channels * sizeof(float),
        };
        if (kind == EpilogueOpKind.RPReLU && _random.Next(3) > 0)
        {
            s.P0 = s.P2 = null;
        }
        else if (kind is EpilogueOpKind.AddPool or EpilogueOpKind.AddShift && _random.Next(2) == 0)
        {
            s.P1 = null;
        }

        int places = s.Window.KernelH * s.Window.KernelW;
        bool pool = kind is EpilogueOpKind.LoadPool or EpilogueOpKind.AddPool;
        bool scattered = pool || (kind is EpilogueOpKind.Load or EpilogueOpKind.AddRow or EpilogueOpKind.AddScaledRow && s.Modulo == 0 && _random.Next(2) == 0);
        s.Factor = scattered ? 2 : 1;
        int width = channels * (pool ? 20 : 2);
        s.Step = tokens == 1 ? 0 : width * sizeof(float);
        byte* rows = (byte*)(kind is EpilogueOpKind.LoadDifferences or EpilogueOpKind.LoadCounts ? Counts(2 * width * tokens, s.Number < 0 || kind == EpilogueOpKind.LoadDifferences) : Floats(width * tokens));
        for (int t = 0; t < kernelTokens; t++)
        {
            s.Rows[t] = t >= tokens ? s.Rows[t - 1] : (long)(scattered ? (byte*)Floats(width) : rows + (t * s.Step));
        }

        if (pool && _random.Next(2) == 0)
        {
            s.Places = (float**)Allocate(places * kernelTokens * sizeof(nint));
            float* zeros = (float*)Allocate(channels * sizeof(float));
            for (int i = 0; i < places * kernelTokens; i++)
            {
                s.Places[i] = i % kernelTokens >= tokens ? s.Places[i - 1] : _random.Next(3) == 0 ? zeros : Floats(channels);
            }
        }

        if (kind is EpilogueOpKind.LoadShift or EpilogueOpKind.AddShift)
        {
            s.Places = (float**)Allocate(TokenShift.Directions * kernelTokens * sizeof(nint));
            for (int i = 0; i < TokenShift.Directions * kernelTokens; i++)
            {
                s.Places[i] = i % kernelTokens >= tokens ? s.Places[i - 1] : Floats(channels);
            }
        }

        return s;
    }

    /// <summary>What a stage makes of a token's row, in plain loops.</summary>
    private static float[] Apply(EpilogueOp s, int kernelTokens, int token, float[] x, int channels)
    {
        float* row = (float*)s.Rows[token];
        var y = new float[channels];
        for (int c = 0; c < channels; c++)
        {
            int wrapped = s.Modulo == 0 ? c : c % s.Modulo;
            y[c] = s.Kind switch
            {
                EpilogueOpKind.Load => row[wrapped],
                EpilogueOpKind.AddRow => x[c] + row[wrapped],
                EpilogueOpKind.LoadDifferences => MathF.FusedMultiplyAdd(s.P0[c], s.Number - (2 * ((ushort*)row)[c]), s.P1[c]),
                EpilogueOpKind.LoadCounts => MathF.FusedMultiplyAdd(s.P0[c], ((short*)row)[c], s.P1[c]),
                EpilogueOpKind.LoadPool => Average(s, kernelTokens, token, c),
                EpilogueOpKind.LoadShift => s.Places[(TokenShift.Direction(c) * kernelTokens) + token][c],
                EpilogueOpKind.AddShift when s.P1 == null => MathF.FusedMultiplyAdd(s.P0[c], s.Places[(TokenShift.Direction(c) * kernelTokens) + token][c], x[c]),
                EpilogueOpKind.AddShift => x[c] + MathF.FusedMultiplyAdd(s.P0[c], s.Places[(TokenShift.Direction(c) * kernelTokens) + token][c], s.P1[c]),
                EpilogueOpKind.ScaleAddRow => MathF.FusedMultiplyAdd(s.P0[c], x[c], row[wrapped]),
                EpilogueOpKind.AddScaledRow => MathF.FusedMultiplyAdd(s.P0[c], row[wrapped], x[c]),
                EpilogueOpKind.AddPool when s.P1 == null => MathF.FusedMultiplyAdd(s.P0[c], Average(s, kernelTokens, token, c), x[c]),
                EpilogueOpKind.AddPool => x[c] + MathF.FusedMultiplyAdd(s.P0[c], Average(s, kernelTokens, token, c), s.P1[c]),
                EpilogueOpKind.Affine => MathF.FusedMultiplyAdd(s.P0[c], x[c], s.P1[c]),
                EpilogueOpKind.RPReLU when s.P0 == null => x[c] > 0 ? x[c] : s.P1[c] * x[c],
                EpilogueOpKind.RPReLU => (x[c] - s.P0[c] > 0 ? x[c] - s.P0[c] : s.P1[c] * (x[c] - s.P0[c])) + s.P2[c],
                _ => x[c],
            };
        }

        if (s.Kind is EpilogueOpKind.Store or EpilogueOpKind.Sign or EpilogueOpKind.GroupMean)
        {
            y.CopyTo(new Span<float>(row + channels, channels));
        }

        return y;
    }

    private static float Average(EpilogueOp s, int kernelTokens, int token, int channel)
    {
        float sum = 0;
        for (int y = 0; y < s.Window.KernelH; y++)
        {
            for (int x = 0; x < s.Window.KernelW; x++)
            {
                sum += s.Places != null
                    ? s.Places[(((y * s.Window.KernelW) + x) * kernelTokens) + token][channel]
                    : *(float*)(s.Rows[token] + (((y * s.GridWidth) + x) * s.Stride) + (channel * sizeof(float)));
            }
        }

        return sum * s.Number;
    }

    private static void AssertStored(EpilogueOp s, EpilogueOpKind kind, int token, int channels, string what)
    {
        float* row = (float*)s.Rows[token];
        var x = new ReadOnlySpan<float>(row + channels, channels);
        switch (kind)
        {
            case EpilogueOpKind.Store:
                Models.AssertSameBits(x, new ReadOnlySpan<float>(row, channels), what);
                break;
            case EpilogueOpKind.GroupMean:
                for (int g = 0; g < channels / s.Group; g++)
                {
                    float sum = 0;
                    foreach (float value in x.Slice(g * s.Group, s.Group))
                    {
                        sum += value;
                    }

                    Assert.True(sum * s.Number == row[g], $"{what}, group {g}");
                }

                break;
            case EpilogueOpKind.Sign:
                for (int c = 0; c < channels; c++)
                {
                    bool found = ((((byte*)row)[c >> 3] >> (c & 7)) & 1) != 0;
                    Assert.True(found == (c < s.Channels && x[c] >= s.P0[c]), $"{what}, channel {c}");
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

    private float* Counts(int count, bool mayBeNegative)
    {
        short* values = (short*)Allocate(count * sizeof(short));
        for (int i = 0; i < count; i++)
        {
            values[i] = (short)_random.Next(mayBeNegative ? short.MinValue : 0, short.MaxValue + 1);
        }

        return (float*)values;
    }
}
