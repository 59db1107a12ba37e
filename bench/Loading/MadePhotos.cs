using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Pictures made for a measurement in a temporary folder, which goes with them: smooth waves with grain, so that a JPEG file of one has about as
/// many coefficients as one of a photograph.</summary>
internal sealed class MadePhotos : IDisposable
{
    private const int Classes = 10;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-bench-").FullName;

    /// <summary>Different photographs in a folder per class.</summary>
    internal string Photos(int count, int width, int height, int quality)
    {
        Parallel.For(0, count, i => File.WriteAllBytes(Place(i, Classes), SkiaEncoder.Jpeg(Photo(i, width, height), quality)));
        return _folder;
    }

    /// <summary>One small picture many times.</summary>
    internal string Many(int count)
    {
        byte[] file = SkiaEncoder.Jpeg(Photo(0, 16, 16), 80);
        for (int c = 0; c < 100 * Classes; c++)
        {
            Directory.CreateDirectory(Path.Combine(_folder, $"n{c:D8}"));
        }

        Parallel.For(0, count, i => File.WriteAllBytes(Place(i, 100 * Classes), file));
        return _folder;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Place(int i, int classes)
    {
        string folder = Path.Combine(_folder, $"n{i % classes:D8}");
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, $"{i:D8}.JPEG");
    }

    private static RgbImage Photo(int seed, int width, int height)
    {
        const int Waves = 12;
        var random = new Random(seed);
        (double X, double Y, double Phase, double Height)[] waves =
        [
            .. Enumerable.Range(1, 3 * Waves).Select(w => ((random.NextDouble() - 0.5) * w / 40, (random.NextDouble() - 0.5) * w / 40, random.NextDouble() * 6, 60.0 / (1 + (w % Waves)))),
        ];
        byte[] pixels = new byte[width * height * 3];
        for (int y = 0, at = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++, at++)
                {
                    double value = 128 + (8 * (random.NextDouble() - 0.5));
                    foreach ((double wx, double wy, double phase, double size) in waves.AsSpan(c * Waves, Waves))
                    {
                        value += size * Math.Sin((wx * x) + (wy * y) + phase);
                    }

                    pixels[at] = (byte)Math.Clamp(value, 0, 255);
                }
            }
        }

        return new RgbImage(width, height, pixels);
    }
}
