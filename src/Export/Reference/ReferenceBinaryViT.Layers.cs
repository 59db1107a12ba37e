namespace EdgeVit.Export;

/// <content>The layers that blocks are made of: signs, binary linears, norms, RPReLU, branches, pools.</content>
internal sealed partial class ReferenceBinaryViT
{
    /// <summary><c>sign(x + move)</c>, <c>sign(0) = +1</c>.</summary>
    private Signs Sign(string value, Matrix x, string move)
    {
        double[] shift = D(move);
        LargeArrays.Expect(4L * x.Data.Length);
        var signs = new float[x.Data.Length];
        Parallel.For(0, x.Rows, row => DoubleRow.Sign(x.Row(row), shift, signs.AsSpan(row * x.Columns, x.Columns)));
        return Tap(value, new Signs(x.Rows, x.Columns, signs));
    }

    /// <summary><c>mean |W[o]| * sign(W[o] - mean W[o])</c> times signs: [N, K] to [N, O]. The mean is a float's, as in training.</summary>
    private Matrix BinaryLinear(string name, Signs x)
    {
        FloatTensor tensor = Tensor($"{name}.weight");
        (float[] weight, int outputs) = (tensor.Data, tensor.Shape[0]);
        LargeArrays.Expect(4L * weight.Length);
        var signs = new float[weight.Length];
        var alpha = new double[outputs];
        Parallel.For(0, outputs, o =>
        {
            ReadOnlySpan<float> row = weight.AsSpan(o * x.Columns, x.Columns);
            DoubleRow.Sign(row, (float)(DoubleRow.Sum(row, magnitudes: false) / row.Length), signs.AsSpan(o * row.Length, row.Length));
            alpha[o] = DoubleRow.Sum(row, magnitudes: true) / row.Length;
        });
        return x.Times(new Signs(outputs, x.Columns, signs), alpha);
    }

    /// <summary>The norm of a product, which with LayerNorm is a value too.</summary>
    private Matrix Normed(string value, string norm, Matrix product)
    {
        if (config.LayerNorm && !value.EndsWith(".norm_context", StringComparison.Ordinal))
        {
            Tap($"{value}.product", product);
        }

        return Tap(value, Norm(norm, product, inPlace: !config.LayerNorm));
    }

    private Matrix Norm(string name, Matrix x, bool inPlace = false)
    {
        (double[] weight, double[] bias) = (D($"{name}.weight"), D($"{name}.bias"));
        if (config.LayerNorm)
        {
            return x.RowNorm(weight, bias, config.BatchNormEps);
        }

        (double[] mean, double[] variance) = (D($"{name}.running_mean"), D($"{name}.running_var"));
        double[] deviation = Array.ConvertAll(variance, v => Math.Sqrt(v + config.BatchNormEps));
        void Normed(int row, Span<double> y)
        {
            DoubleRow.Standardise(y, mean, deviation);
            DoubleRow.Affine(y, weight, bias);
        }
        return inPlace ? x.Replace(Normed) : x.Rowwise(Normed);
    }

    /// <summary>RPReLU of the sum with a shortcut, which is repeated along the channels where it has fewer; null for none.</summary>
    private Matrix RPReLU(string module, Matrix x, Matrix? shortcut, string? value = null)
    {
        (double[] move1, double[] slope, double[] move2) = (D($"{module}.move1"), D($"{module}.prelu.weight"), D($"{module}.move2"));
        return Tap(value ?? module, x.Rowwise((t, y) =>
        {
            for (int first = 0; shortcut is not null && first < y.Length; first += shortcut.Columns)
            {
                DoubleRow.Add(y.Slice(first, shortcut.Columns), shortcut.Row(t));
            }

            DoubleRow.RPReLU(y, move1, slope, move2);
        }));
    }

    private Matrix OutputScale(string name, Matrix x) => config.LayerScale ? Tap(name, x.Affine(D($"{name}.alpha"), D($"{name}.move"))) : x;

    private Matrix Branch(string l, BlockBranch branch, Matrix b, int grid)
    {
        (string name, int height, int width) = branch;
        Matrix read = config.Branches == BranchKind.Pool
            ? Tap($"{l}.pool_{name}", Pool(b, grid, height, width, 1, (height - 1) / 2, (width - 1) / 2))
            : Tap($"{l}.shift_{name}", Shift(b, grid, height, width));
        string scale = $"{l}.layerscale_{name}";
        return Tap(scale, read.Affine(D($"{scale}.alpha"), D($"{scale}.move")));
    }

    /// <summary>Channels 0 to 15, 32 to 47, ... from the token above or left, the others from below or right; zeros from outside the grid.</summary>
    private static Matrix Shift(Matrix x, int grid, int rows, int columns) => Matrix.Of(x.Rows, x.Columns, (t, y) =>
    {
        for (int c = 0; c < y.Length; c++)
        {
            int sign = c % 32 < 16 ? -1 : 1;
            (int row, int column) = ((t / grid) + (sign * rows), (t % grid) + (sign * columns));
            y[c] = row >= 0 && row < grid && column >= 0 && column < grid ? x.Row((row * grid) + column)[c] : 0;
        }
    });

    /// <summary>The mean of windows; what lies outside the grid counts as zero.</summary>
    private static Matrix Pool(Matrix x, int grid, int height, int width, int stride, int padY, int padX)
    {
        int side = ((grid + (2 * padY) - height) / stride) + 1;
        return Matrix.Of(side * side, x.Columns, (t, mean) =>
        {
            for (int y = (t / side * stride) - padY, endY = y + height; y < endY; y++)
            {
                for (int z = (t % side * stride) - padX, endX = z + width; z < endX; z++)
                {
                    if (y < 0 || y >= grid || z < 0 || z >= grid)
                    {
                        continue;
                    }

                    DoubleRow.AddQuotient(mean, x.Row((y * grid) + z), height * width);
                }
            }
        });
    }

    private static Matrix Upsample(Matrix x, int grid, int factor) => Matrix.Of(
        grid * grid, x.Columns, (t, y) => DoubleRow.Set(y, x.Row((t / grid / factor * (grid / factor)) + (t % grid / factor))));
}
