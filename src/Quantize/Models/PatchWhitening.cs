namespace EdgeVit.Quantize;

/// <summary>Filters that decorrelate the patches of images: the principal directions of their covariance, each divided by its standard
/// deviation.</summary>
internal static class PatchWhitening
{
    private const int MostDirections = 32;
    private const int MostImages = 2000;

    /// <summary>Added to the variances, so that directions in which hardly anything happens are not blown up.</summary>
    private const double Eps = 5e-4;

    /// <summary>How many directions patches of <c>[3, kernel, kernel]</c> have, at most.</summary>
    internal static int Directions(int kernel) => Math.Min(MostDirections, 3 * kernel * kernel);

    /// <summary>The filters <c>[2*directions, 3, kernel, kernel]</c>: of the largest variances in decreasing order, then their negatives.</summary>
    internal static float[] Filters(PixelSource source, IReadOnlyList<int> indices, int kernel)
    {
        int size = 3 * kernel * kernel;
        double[,] covariance = Covariance(source, indices, kernel);
        (double[] variances, double[,] directions) = SymmetricEigen.Solve(covariance);
        int count = Directions(kernel);
        var filters = new float[2 * count * size];
        for (int d = 0; d < count; d++)
        {
            double scale = 1 / Math.Sqrt(variances[d] + Eps);
            for (int i = 0; i < size; i++)
            {
                filters[(d * size) + i] = (float)(directions[i, d] * scale);
                filters[((count + d) * size) + i] = -filters[(d * size) + i];
            }
        }
        return filters;
    }

    /// <summary>Second moments of normalised patches, ordered channel, row, column.</summary>
    private static double[,] Covariance(PixelSource source, IReadOnlyList<int> indices, int kernel)
    {
        int size = 3 * kernel * kernel;
        (int height, int width) = (source.Preprocess.Height, source.Preprocess.Width);
        var sum = new double[size, size];
        var patch = new float[size];
        long patches = 0;
        int every = Math.Max(1, indices.Count / MostImages);
        foreach (Batch batch in BatchLoader.InOrder(source, [.. indices.Where((_, i) => i % every == 0)], TrainSettings.EvaluationImages(source.Preprocess.Height)))
        {
            for (int image = 0; image < batch.Count; image++)
            {
                // Windows beside one another: overlapping ones say the same.
                for (int y = 0; y + kernel <= height; y += kernel)
                {
                    for (int x = 0; x + kernel <= width; x += kernel)
                    {
                        for (int i = 0; i < size; i++)
                        {
                            (int channel, int at) = int.DivRem(i, kernel * kernel);
                            patch[i] = batch.Images[(image * 3 * height * width) + (((channel * height) + y + (at / kernel)) * width) + x + (at % kernel)];
                        }
                        for (int i = 0; i < size; i++)
                        {
                            for (int j = 0; j <= i; j++)
                            {
                                sum[i, j] += patch[i] * patch[j];
                            }
                        }
                        patches++;
                    }
                }
            }
        }
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                sum[i, j] = sum[j, i] = sum[i, j] / Math.Max(1, patches);
            }
        }
        return sum;
    }
}
