namespace EdgeVit.Export;

/// <content>From the grid of one stage to that of the next.</content>
internal sealed partial class ReferenceBinaryViT
{
    /// <summary>X [N, C] of a stage to [N / 4, C'] of the next.</summary>
    private Matrix Downsampling(string name, int stage, Matrix x)
    {
        int grid = config.Grid(stage);
        Matrix z = Tap($"{name}.norm0", Norm($"{name}.norm0", x));
        Matrix y = config.Down == DownKind.Attention ? PooledQueries(name, stage, z) : Convolved(name, grid, z);
        return Tap(name, y.Plus(Matrix.From(y.Columns, Tensor($"{name}.position_embeddings").Data)));
    }

    /// <summary>Queries are made from the means of 2x2 tokens, keys and values from all; what comes out is added to the means, each channel of them twice.</summary>
    private Matrix PooledQueries(string name, int stage, Matrix z)
    {
        int grid = config.Grid(stage), channels = config.Stages[stage + 1].Width;
        Matrix Means(string value, Matrix tokens) => Tap($"{value}.pool", Pool(tokens, grid, 2, 2, 2, 0, 0));
        Matrix pooled = Means(name, z);
        Matrix wide = Tap($"{name}.tile", Matrix.Of(pooled.Rows, channels, (t, y) =>
        {
            for (int c = 0; c < y.Length; c++)
            {
                y[c] = pooled.Row(t)[c % pooled.Columns];
            }
        }));
        return Output(name, wide, Attend($"{name}.attention.attention", BinaryViTConfig.DownTo(stage + 1), BinaryViTConfig.NoLayer, pooled, z, z, Means));
    }

    private Matrix Convolved(string name, int grid, Matrix z)
    {
        FloatTensor weight = Tensor($"{name}.proj.weight");
        bool isBinary = config.Down is DownKind.Binary or DownKind.Conv3;
        Matrix product = isBinary ? BinaryWindows(name, grid, z, weight) : FloatWindows(name, grid, z, weight);
        Matrix y = Normed($"{name}.proj", $"{name}.norm", product);
        if (isBinary)
        {
            Matrix pooled = Tap($"{name}.pool", Pool(z, grid, 2, 2, 2, 0, 0));
            y = RPReLU($"{name}.rprelu", y, pooled);
        }

        return y;
    }

    /// <summary>A binary convolution of stride 2: windows of 2x2 side by side, or of 3x3, beyond the grid +1. The weight is [C', C, k, k], not centred.</summary>
    private Matrix BinaryWindows(string name, int grid, Matrix z, FloatTensor weight)
    {
        Signs signs = Sign($"{name}.sign", z, $"{name}.move");
        (int outputs, int kernel) = (weight.Shape[0], weight.Shape[2]);
        int inputs = z.Columns * kernel * kernel, padding = kernel - 2;
        float[] data = weight.Data;
        var alpha = new double[outputs];
        for (int o = 0; o < outputs; o++)
        {
            alpha[o] = DoubleRow.Sum(data.AsSpan(o * inputs, inputs), magnitudes: true) / inputs;
        }

        Matrix windows = Matrix.Of(z.Rows / 4, inputs, (t, y) =>
        {
            for (int i = 0; i < y.Length; i++)
            {
                (int c, int tap) = int.DivRem(i, kernel * kernel);
                int row = (t / (grid / 2) * 2) + (tap / kernel) - padding, column = (t % (grid / 2) * 2) + (tap % kernel) - padding;
                y[i] = row >= 0 && row < grid && column >= 0 && column < grid ? signs.Data[(((row * grid) + column) * z.Columns) + c] : 1;
            }
        });
        return new Signs(windows.Rows, inputs, windows.Data).Times(new Signs(outputs, inputs, [.. data.Select(w => w >= 0 ? 1f : -1f)]), alpha);
    }

    /// <summary>A float convolution of stride 2, or one of each channel by itself and then one of single tokens.</summary>
    private Matrix FloatWindows(string name, int grid, Matrix z, FloatTensor weight)
    {
        Func<int, int, int, double> at = (c, y, x) => z.Row((y * grid) + x)[c];
        return config.Down == DownKind.Float
            ? Convolution(at, grid, 2, 0, weight, null)
            : Tap($"{name}.depthwise", Depthwise(at, grid, 2, Tensor($"{name}.depthwise.weight"))).Times(weight.Data, null);
    }

    /// <summary>A float convolution of each channel by itself; the weight is [C, 1, k, k], outside of the grid are zeros.</summary>
    private static Matrix Depthwise(Func<int, int, int, double> at, int size, int stride, FloatTensor weight)
    {
        (int channels, int kernel, int side) = (weight.Shape[0], weight.Shape[2], size / stride);
        float[] data = weight.Data;
        return Matrix.Of(side * side, channels, (t, y) =>
        {
            for (int i = 0; i < data.Length; i++)
            {
                (int c, int tap) = int.DivRem(i, kernel * kernel);
                int row = (t / side * stride) + (tap / kernel) - (kernel / 2), column = (t % side * stride) + (tap % kernel) - (kernel / 2);
                y[c] += row >= 0 && row < size && column >= 0 && column < size ? at(c, row, column) * data[i] : 0;
            }
        });
    }
}
