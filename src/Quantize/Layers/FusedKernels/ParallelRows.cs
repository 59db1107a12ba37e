using TorchSharp;

namespace EdgeVit.Quantize;

/// <summary>Runs loops over rows on as many threads as torch uses. How rows are cut into chunks depends on their number alone, and partial sums are
/// added in the order of the chunks: results do not depend on the number of threads.</summary>
internal static class ParallelRows
{
    private const int LeastRows = 256;
    private const int MostChunks = 16;

    /// <summary>Does <paramref name="body"/>(begin, end) for all chunks.</summary>
    internal static void Run(int rows, Action<int, int> body)
    {
        int chunks = Chunks(rows);
        Each(chunks, chunk => body(Begin(rows, chunks, chunk), Begin(rows, chunks, chunk + 1)));
    }

    /// <summary>Does <paramref name="body"/>(begin, end, sums) for all chunks, each with <paramref name="width"/> sums of its own, and adds them up.</summary>
    internal static double[] Reduce(int rows, int width, Action<int, int, float[]> body)
    {
        int chunks = Chunks(rows);
        float[][] partial = new float[chunks][];
        Each(chunks, chunk =>
        {
            float[] sums = new float[width];
            body(Begin(rows, chunks, chunk), Begin(rows, chunks, chunk + 1), sums);
            partial[chunk] = sums;
        });
        double[] totals = new double[width];
        foreach (float[] sums in partial)
        {
            for (int i = 0; i < width; i++)
            {
                totals[i] += sums[i];
            }
        }
        return totals;
    }

    private static int Chunks(int rows) => Math.Clamp(rows / LeastRows, 1, MostChunks);

    private static int Begin(int rows, int chunks, int chunk) => (int)((long)rows * chunk / chunks);

    private static void Each(int chunks, Action<int> body)
    {
        int threads = Math.Min(chunks, torch.get_num_threads());
        if (threads <= 1)
        {
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                body(chunk);
            }

            return;
        }
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
    }
}
