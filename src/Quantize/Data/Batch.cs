using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One batch in the network's layout.</summary>
/// <param name="Indices">Positions of its images in the source.</param>
/// <param name="Images">Normalised floats <c>[B, 3, H, W]</c>; empty where they are made on the device.</param>
/// <param name="Labels">Labels <c>[B]</c>.</param>
internal sealed record Batch(long Epoch, int[] Indices, float[] Images, long[] Labels, bool[] Mirrored)
{
    /// <summary>Number of images B.</summary>
    public int Count => Indices.Length;

    /// <summary>Share of each image that is its own; the rest is that of image <c>B - 1 - i</c>. 1 where nothing is mixed.</summary>
    public float OwnShare { get; init; } = 1;

    /// <summary>Images of the whole batch of which this is a process's share.</summary>
    internal int Whole { get => field == 0 ? Count : field; init; }

    /// <summary>The images' places in that whole batch; null where they are all of it.</summary>
    internal int[]? Places { get; init; }

    /// <summary>From what the images are made on the device; null where they are here.</summary>
    internal DrawnBatch? Drawn { get; init; }

    /// <summary>The images' pixels <c>[B, H, W, 3]</c> as decoded; null where nobody asked for them.</summary>
    internal byte[]? Pixels { get; init; }

    /// <summary>The source whose images these are, as they are; null where they are varied.</summary>
    internal PixelSource? Unvaried { get; init; }

    /// <summary>Whether all images of <see cref="Unvaried"/> are mirrored.</summary>
    internal bool Flipped { get; init; }

    /// <summary>The images as tensor <c>[B, 3, H, W]</c> on a device.</summary>
    internal Tensor ToTensor(PixelSource source, Device device) => Drawn is { } drawn
        ? drawn.Source.Images(Indices, drawn.Changes, drawn.Mixture)
        : Here(source.Preprocess.Height, source.Preprocess.Width).to(device);

    /// <summary>The images as a tensor of this process, without a second managed copy of them.</summary>
    private Tensor Here(int height, int width)
    {
        Tensor images = torch.empty([Count, 3, height, width], ScalarType.Float32);
        Images.CopyTo(MemoryMarshal.Cast<byte, float>(images.bytes));
        return images;
    }

    /// <summary>One of <paramref name="parts"/> parts; two images that are mixed with one another come into the same, in mirrored places.</summary>
    /// <param name="part">Which, from 0.</param>
    /// <param name="parts">How many; at most half the images.</param>
    internal Batch Part(int part, int parts)
    {
        if (parts == 1)
        {
            return this;
        }

        return Of(new BatchShare(part, parts, Apart: true).Of(Count));
    }

    /// <summary>What of one of the parts of the whole batch is in this share: the shares' parts together are the part that one process has, so that norms
    /// over all of them see the same.</summary>
    internal Batch PartOfWhole(int part, int parts)
    {
        if (parts == 1 || Places is null)
        {
            return Part(part, parts);
        }

        HashSet<int> places = [.. new BatchShare(part, parts, Apart: true).Of(Whole)];
        return Of([.. Enumerable.Range(0, Count).Where(i => places.Contains(Places[i]))]) with { Places = null };
    }

    private Batch Of(int[] chosen)
    {
        int length = Images.Length / Count;
        float[] images = GC.AllocateUninitializedArray<float>(chosen.Length * length);
        for (int i = 0; i < chosen.Length; i++)
        {
            Images.AsSpan(chosen[i] * length, length).CopyTo(images.AsSpan(i * length));
        }

        ImageChange[] changes = Drawn is null ? [] : [.. chosen.Select(i => Drawn.Changes[i])];
        return this with
        {
            Indices = [.. chosen.Select(i => Indices[i])],
            Images = images,
            Labels = [.. chosen.Select(i => Labels[i])],
            Mirrored = [.. chosen.Select(i => Mirrored[i])],
            Drawn = Drawn is null ? null : Drawn with { Changes = changes },
        };
    }
}
