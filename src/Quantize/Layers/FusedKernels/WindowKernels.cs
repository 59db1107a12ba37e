using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Products of windows of signs: some images at a time, so that the windows, k*k times as large as the tokens, are never there as a whole. The
/// backward pass gathers them a second time.</summary>
/// <typeparam name="T">Element type of signs, products and their gradients.</typeparam>
internal static class WindowKernels<T> where T : struct, ILanes
{
    private const long MostElements = 1 << 22;

    /// <summary>Signs <c>[B*N, C]</c> through rows <c>[O, k*k*C]</c>, window by window: <c>[B*N', O]</c>.</summary>
    internal static Tensor Product(WindowRows windows, Tensor signs, Tensor weight)
    {
        Tensor result = torch.empty(windows.Rows, weight.shape[0], dtype: T.Type);
        using Tensor columns = weight.t();
        foreach ((WindowRows part, long token, long row) in Parts(windows, signs.shape[1]))
        {
            using Tensor some = signs.narrow(0, token, part.Grid.Batch * part.Grid.Tokens);
            using Tensor gathered = Gather(part, some);
            using Tensor to = result.narrow(0, row, part.Rows);
            to.addmm_(gathered, columns, 0, 1);
        }

        return result;
    }

    /// <summary>The gradients of signs and weight from that of their products <c>[B*N', O]</c>. The weight's is summed over the images in float32.</summary>
    internal static (Tensor BySigns, Tensor ByWeight) Gradient(WindowRows windows, Tensor byProducts, Tensor signs, Tensor weight)
    {
        Tensor bySigns = torch.empty(signs.shape, dtype: T.Type);
        using Tensor sum = torch.zeros(weight.shape);
        foreach ((WindowRows part, long token, long row) in Parts(windows, signs.shape[1]))
        {
            using Tensor some = signs.narrow(0, token, part.Grid.Batch * part.Grid.Tokens);
            using Tensor incoming = byProducts.narrow(0, row, part.Rows);
            using (Tensor byWindows = torch.mm(incoming, weight))
            using (Tensor to = bySigns.narrow(0, token, some.shape[0]))
            {
                Scatter(part, byWindows, to);
            }

            using Tensor gathered = Gather(part, some);
            using Tensor columns = incoming.t();
            using Tensor product = torch.mm(columns, gathered);
            sum.add_(product, One);
        }

        return (bySigns, sum.to(T.Type, copy: true));
    }

    /// <summary>The windows of some images each, with their first token and their first row.</summary>
    private static IEnumerable<(WindowRows Windows, long Token, long Row)> Parts(WindowRows windows, long channels)
    {
        long perImage = windows.Rows / windows.Grid.Batch;
        long images = Math.Max(1, MostElements / (perImage * windows.Window.Taps * channels));
        for (long first = 0; first < windows.Grid.Batch; first += images)
        {
            TokenGrid grid = windows.Grid with { Batch = Math.Min(images, windows.Grid.Batch - first) };
            yield return (windows with { Grid = grid }, first * grid.Tokens, first * perImage);
        }
    }

    /// <summary>Tokens → windows, as <see cref="WindowRows.Of"/> orders them.</summary>
    private static unsafe Tensor Gather(WindowRows windows, Tensor tokens)
    {
        int channels = (int)tokens.shape[1], taps = windows.Window.Taps;
        uint bytes = (uint)(tokens.bytes.Length / tokens.shape[0]);
        Tensor result = torch.empty(windows.Rows, taps * channels, dtype: T.Type);
        using Tensor ones = torch.ones(channels, dtype: T.Type);
        var fromMemory = new TensorMemory(tokens);
        var outsideMemory = new TensorMemory(ones);
        var toMemory = new TensorMemory(result);
        int[] tokensOf = windows.TokensOfWindows();
        (int perImage, long grid) = ((int)(windows.Rows / windows.Grid.Batch), windows.Grid.Tokens);
        ParallelRows.Run((int)windows.Rows, (begin, end) =>
        {
            ref byte to = ref Unsafe.AddByteOffset(ref toMemory.Start, (nuint)begin * (nuint)taps * bytes);
            for (int row = begin; row < end; row++)
            {
                (int image, int window) = Math.DivRem(row, perImage);
                foreach (int token in tokensOf.AsSpan(window * taps, taps))
                {
                    ref byte from = ref token < 0 ? ref outsideMemory.Start : ref Unsafe.AddByteOffset(ref fromMemory.Start, (nuint)((image * grid) + token) * bytes);
                    Unsafe.CopyBlockUnaligned(ref to, ref from, bytes);
                    to = ref Unsafe.AddByteOffset(ref to, bytes);
                }
            }
        });
        return result;
    }

    /// <summary>The transpose of <see cref="Gather"/>: each token's sum over the windows that have it.</summary>
    private static void Scatter(WindowRows windows, Tensor byWindows, Tensor result)
    {
        int channels = (int)result.shape[1], taps = windows.Window.Taps;
        var fromMemory = new TensorMemory(byWindows);
        var toMemory = new TensorMemory(result);
        int[] windowsOf = windows.WindowsOfTokens();
        (long perImage, int grid) = (windows.Rows / windows.Grid.Batch, (int)windows.Grid.Tokens);
        ParallelRows.Run((int)result.shape[0], (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte to = ref toMemory.Start;
            Span<long> elements = stackalloc long[taps];
            for (int token = begin; token < end; token++)
            {
                (int image, int place) = Math.DivRem(token, grid);
                ReadOnlySpan<int> those = windowsOf.AsSpan(place * taps, taps);
                int count = 0;
                for (int tap = 0; tap < taps; tap++)
                {
                    if (those[tap] >= 0)
                    {
                        elements[count++] = ((((image * perImage) + those[tap]) * taps) + tap) * channels;
                    }
                }

                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    Vector512<float> sum = Vector512<float>.Zero;
                    foreach (long element in elements[..count])
                    {
                        sum += T.Load(ref from, (nuint)(element + c));
                    }

                    T.Store(sum, ref to, (nuint)(((long)token * channels) + c));
                }
            }
        });
    }
}
