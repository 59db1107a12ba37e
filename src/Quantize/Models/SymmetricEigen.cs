namespace EdgeVit.Quantize;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices by Jacobi's rotations: exact enough for any use, and quick for some hundred
/// rows.</summary>
internal static class SymmetricEigen
{
    private const int MostSweeps = 60;

    /// <summary>Decomposes a symmetric matrix; it is left as it is.</summary>
    /// <param name="matrix">Square and symmetric.</param>
    /// <returns>The values in decreasing order, and the vectors as columns in the same order, each of unit length, its largest element
    /// positive.</returns>
    internal static (double[] Values, double[,] Vectors) Solve(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        var a = (double[,])matrix.Clone();
        var v = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            v[i, i] = 1;
        }

        for (int sweep = 0; sweep < MostSweeps && Rotate(a, v, n); sweep++)
        {
        }

        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => a[i, i])];
        var values = new double[n];
        var vectors = new double[n, n];
        for (int column = 0; column < n; column++)
        {
            int from = order[column];
            values[column] = a[from, from];
            int largest = 0;
            for (int i = 1; i < n; i++)
            {
                largest = Math.Abs(v[i, from]) > Math.Abs(v[largest, from]) ? i : largest;
            }

            double sign = v[largest, from] < 0 ? -1 : 1;
            for (int i = 0; i < n; i++)
            {
                vectors[i, column] = sign * v[i, from];
            }
        }
        return (values, vectors);
    }

    /// <summary>One rotation for every pair; false when nothing was left to do.</summary>
    private static bool Rotate(double[,] a, double[,] v, int n)
    {
        double diagonal = 0, off = 0;
        for (int i = 0; i < n; i++)
        {
            diagonal += a[i, i] * a[i, i];
            for (int j = 0; j < i; j++)
            {
                off += a[i, j] * a[i, j];
            }
        }
        if (off <= 1e-24 * diagonal)
        {
            return false;
        }

        for (int p = 0; p < n; p++)
        {
            for (int q = p + 1; q < n; q++)
            {
                if (a[p, q] == 0)
                {
                    continue;
                }

                double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
                double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
                double c = 1 / Math.Sqrt((t * t) + 1);
                double s = t * c;
                for (int i = 0; i < n; i++)
                {
                    (a[i, p], a[i, q]) = ((c * a[i, p]) - (s * a[i, q]), (s * a[i, p]) + (c * a[i, q]));
                }

                for (int i = 0; i < n; i++)
                {
                    (a[p, i], a[q, i]) = ((c * a[p, i]) - (s * a[q, i]), (s * a[p, i]) + (c * a[q, i]));
                }

                for (int i = 0; i < n; i++)
                {
                    (v[i, p], v[i, q]) = ((c * v[i, p]) - (s * v[i, q]), (s * v[i, p]) + (c * v[i, q]));
                }
            }
        }
        return true;
    }
}
