namespace EdgeVit.Export;

/// <content>Mixers that do not attend.</content>
internal sealed partial class ReferenceBinaryViT
{
    /// <summary>A float convolution of each channel by itself and its norm: [N, C] to [N / stride^2, C].</summary>
    private Matrix Local(string module, Matrix x, int grid, int stride) =>
        Normed($"{module}.norm", $"{module}.norm", Depthwise((c, row, column) => x.Row((row * grid) + column)[c], grid, stride, Tensor($"{module}.weight")));

    /// <summary>The normed tokens A [N, C] and the residual stream X to X1: the mean of 3x3 tokens less the token itself.</summary>
    private Matrix Pooling(string p, int grid, Matrix a, Matrix x)
    {
        Matrix mean = OutputScale($"{p}.layerscale", Tap($"{p}.mean", Pool(a, grid, 3, 3, 1, 1, 1)));
        double[] own = config.LayerScale ? Array.ConvertAll(D($"{p}.layerscale.alpha"), v => -v) : [.. Enumerable.Repeat(-1.0, a.Columns)];
        return Tap(p, x.Plus(mean, Tap($"{p}.own", a.Affine(own, new double[a.Columns]))));
    }

    /// <summary>The normed tokens A [N, C] and the residual stream X to X1: a 3x3 convolution of A's signs, beyond the grid +1, with A as its shortcut.</summary>
    private Matrix Convolution(string l, StageConfig stage, int grid, Matrix a, Matrix x)
    {
        string c = $"{l}.conv";
        Signs signs = Sign($"{c}.sign", a, $"{c}.move");
        int d = stage.Dilation ?? 1;
        var windows = new float[a.Rows * 9 * a.Columns];
        Parallel.For(0, a.Rows, t =>
        {
            for (int tap = 0; tap < 9; tap++)
            {
                (int row, int column) = ((t / grid) + (((tap / 3) - 1) * d), (t % grid) + (((tap % 3) - 1) * d));
                Span<float> to = windows.AsSpan(((t * 9) + tap) * a.Columns, a.Columns);
                if (row >= 0 && row < grid && column >= 0 && column < grid)
                {
                    signs.Row((row * grid) + column).CopyTo(to);
                }
                else
                {
                    to.Fill(1);
                }
            }
        });
        Matrix dense = Normed($"{c}.dense", $"{c}.norm", BinaryLinear($"{c}.dense", new Signs(a.Rows, 9 * a.Columns, windows)));
        return Tap(c, x.Plus(OutputScale($"{c}.layerscale", Gated($"{l}.gate", stage, a, RPReLU($"{c}.rprelu", dense, a)))));
    }

    /// <summary>Y [N, C] times a gate of 0 to 2 for each channel, which is of the mean of A's tokens; without a gate as it is.</summary>
    private Matrix Gated(string gate, StageConfig stage, Matrix a, Matrix y)
    {
        if (stage.Gate == GateKind.None)
        {
            return y;
        }

        Matrix squeezed = Tap($"{gate}.squeeze", Tap($"{gate}.mean", a.Mean()).Times(Tensor($"{gate}.squeeze.weight").Data, null));
        Matrix excited = Tap($"{gate}.excite", RPReLU($"{gate}.rprelu", squeezed, null).Times(Tensor($"{gate}.excite.weight").Data, D($"{gate}.excite.bias")));
        double[] factor = Array.ConvertAll(excited.Row(0).ToArray(), g => Math.Clamp(g, 0.0, 2.0));
        return Tap(gate, y.Affine(factor, new double[factor.Length]));
    }
}
