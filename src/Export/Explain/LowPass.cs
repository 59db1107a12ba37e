using System.Numerics;

namespace EdgeVit.Export;

/// <summary>A picture without its fine detail: of its two-dimensional spectrum only the frequencies up to a radius are kept (Ghiasi et al., "What do Vision
/// Transformers Learn? A Visual Exploration", 2022).</summary>
internal sealed class LowPass
{
    private readonly int _height;
    private readonly int _width;
    private readonly Complex[][] _spectra;
    private readonly Dictionary<(int, bool), Complex[]> _turns = [];

    /// <summary>Transforms a picture, RGB <c>[H, W, 3]</c>.</summary>
    public LowPass(ReadOnlySpan<byte> pixels, int height, int width)
    {
        (_height, _width, _spectra) = (height, width, new Complex[3][]);
        for (int c = 0; c < 3; c++)
        {
            var plane = new Complex[height * width];
            for (int i = 0; i < plane.Length; i++)
            {
                plane[i] = pixels[(i * 3) + c];
            }

            _spectra[c] = Transform(plane, inverse: false);
        }
    }

    /// <summary>Radii worth trying for a picture of this size, cycles a picture, ascending; all frequencies lie within half of its diagonal.</summary>
    public static IReadOnlyList<int> Radii(int height, int width)
    {
        double most = Math.Sqrt(((double)height * height) + ((double)width * width)) / 2;
        int[] radii = Math.Max(height, width) <= 64 ? [1, 2, 3, 4, 6, 8, 12, 16, 24, 32] : [1, 2, 4, 8, 16, 32, 64, 128, 256];
        return [.. radii.Where(r => r < most)];
    }

    /// <summary>The picture with frequencies up to a radius, in cycles a picture, rounded and clamped to bytes.</summary>
    public byte[] Keep(double radius)
    {
        byte[] pixels = new byte[_height * _width * 3];
        for (int c = 0; c < 3; c++)
        {
            var kept = new Complex[_height * _width];
            for (int y = 0; y < _height; y++)
            {
                int fy = Math.Min(y, _height - y);
                for (int x = 0; x < _width; x++)
                {
                    int fx = Math.Min(x, _width - x);
                    if ((double)((fy * fy) + (fx * fx)) <= radius * radius)
                    {
                        kept[(y * _width) + x] = _spectra[c][(y * _width) + x];
                    }
                }
            }

            Complex[] plane = Transform(kept, inverse: true);
            for (int i = 0; i < plane.Length; i++)
            {
                pixels[(i * 3) + c] = (byte)Math.Clamp(Math.Round(plane[i].Real / plane.Length), 0, 255);
            }
        }

        return pixels;
    }

    private Complex[] Transform(Complex[] plane, bool inverse)
    {
        for (int y = 0; y < _height; y++)
        {
            Fourier(plane.AsSpan(y * _width, _width).ToArray(), inverse).CopyTo(plane, y * _width);
        }

        var column = new Complex[_height];
        for (int x = 0; x < _width; x++)
        {
            for (int y = 0; y < _height; y++)
            {
                column[y] = plane[(y * _width) + x];
            }

            Complex[] result = Fourier(column, inverse);
            for (int y = 0; y < _height; y++)
            {
                plane[(y * _width) + x] = result[y];
            }
        }

        return plane;
    }

    // Cooley and Tukey's for any length: split by the smallest factor; a prime length is summed up.
    private Complex[] Fourier(Complex[] x, bool inverse)
    {
        int n = x.Length, factor = 2;
        while (factor * factor <= n && n % factor != 0)
        {
            factor++;
        }

        factor = factor * factor > n ? n : factor;
        if (n == 1)
        {
            return [x[0]];
        }

        int rest = n / factor;
        var parts = new Complex[factor][];
        for (int f = 0; f < factor; f++)
        {
            var part = new Complex[rest];
            for (int i = 0; i < rest; i++)
            {
                part[i] = x[(i * factor) + f];
            }

            parts[f] = Fourier(part, inverse);
        }

        if (!_turns.TryGetValue((n, inverse), out Complex[]? turns))
        {
            _turns[(n, inverse)] = turns = [.. Enumerable.Range(0, n).Select(i => Complex.FromPolarCoordinates(1, (inverse ? 2 : -2) * Math.PI * i / n))];
        }

        var y = new Complex[n];
        for (int k = 0; k < n; k++)
        {
            for (int f = 0; f < factor; f++)
            {
                y[k] += parts[f][k % rest] * turns[(int)((long)f * k % n)];
            }
        }

        return y;
    }
}
