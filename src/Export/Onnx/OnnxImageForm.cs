namespace EdgeVit.Export.Onnx;

/// <summary>The axes that an input has for an image.</summary>
internal enum ImageAxes
{
    /// <summary>Channels, rows and columns.</summary>
    All,

    /// <summary>Rows and columns of a grey image.</summary>
    Plane,

    /// <summary>One for all numbers.</summary>
    One,
}

/// <summary>How a model takes images: <c>[n, C, H, W]</c> or <c>[n, H, W, C]</c>, without n where <c>Batch</c> is null, of 3 channels or of 1 (grey), or with
/// fewer <c>Axes</c>: <c>[n, H, W]</c>, <c>[n, C H W]</c>. A <c>Batch</c>, <c>Height</c> or <c>Width</c> of 0 is free.</summary>
internal sealed record OnnxImageForm(int Channels, bool ChannelsLast, int? Batch, int Height, int Width)
{
    public ImageAxes Axes { get; private init; }

    /// <summary>So many images at a time go into a model that takes any number.</summary>
    private const int Usual = 64;

    /// <summary>Numbers of an input at most: two gigabytes in 32 bits.</summary>
    private const int MostNumbers = 1 << 29;

    /// <summary>Shares of red, green and blue in a grey (ITU-R BT.601).</summary>
    private static readonly float[] s_grey = [0.299f, 0.587f, 0.114f];

    /// <summary>Images that go in at a time at most.</summary>
    public int Most => Batch is null ? 1 : Batch > 0 ? Batch.Value : Usual;

    /// <summary>The form as messages show it.</summary>
    public override string ToString()
    {
        string Size(int size, string free) => size > 0 ? $"{size}" : free;
        string images = Axes == ImageAxes.Plane ? $"{Size(Height, "H")}, {Size(Width, "W")}" : Axes == ImageAxes.One ? $"{Size(Channels * Height * Width, "C H W")}" : ChannelsLast ? $"{Size(Height, "H")}, {Size(Width, "W")}, {Channels}" : $"{Channels}, {Size(Height, "H")}, {Size(Width, "W")}";
        return Batch is { } batch ? $"[{Size(batch, "n")}, {images}]" : $"[{images}]";
    }

    /// <summary>The forms that an input may have, likeliest first: one where its sizes say it, several where they are free.</summary>
    /// <exception cref="OnnxModelException">It takes no images.</exception>
    public static IReadOnlyList<OnnxImageForm> Of(OnnxFile file, OnnxValue input)
    {
        if (!input.IsNumbers || (OnnxElements.IsInteger(input.Element) && !OnnxElements.HoldsPixels(input.Element)))
        {
            throw new OnnxModelException($"{file.Name}: its input {input} takes no pixels, expected floats or whole numbers of 8 bits without sign, or more. Export it in fp32.") { IsUsage = true };
        }

        if (input.Shape.Contains(0))
        {
            throw new OnnxModelException($"{file.Name}: its input {input} has a size of 0 and takes no images. Export it with a free size there (in PyTorch: dynamic_axes), or for one image.") { IsUsage = true };
        }

        if (input.Shape.Where(static s => s > 0).Aggregate(1d, static (product, size) => product * size) > MostNumbers)
        {
            throw new OnnxModelException($"{file.Name}: its input {input} has more than {MostNumbers:N0} numbers at a time. Export it for fewer images, or with a free number.") { IsUsage = true };
        }

        IReadOnlyList<int> sizes = input.Shape.Count == 0 ? [-1, -1, -1, -1] : input.Shape;
        OnnxImageForm[] forms = FewerAxes(sizes) is { Length: > 0 } fewer ? fewer : sizes.Count is 3 or 4
            ? [.. from channels in (int[])[3, 1] from last in (bool[])[false, true] where Fits(sizes, channels, last) select Form(sizes, channels, last)] : [];

        // A size that is there says more than one that is free.
        OnnxImageForm[] said = [.. forms.Where(f => f.Axes == ImageAxes.All && sizes[^(f.ChannelsLast ? 1 : 3)] > 0)];
        return said.Length > 0 ? said : forms.Length > 0 ? forms : throw new OnnxModelException(
            $"{file.Name}: its input {input} takes no images, expected pictures [n, 3, H, W] or [n, H, W, 3] (or 1 in place of 3, for grey), or square ones as [n, H, W] or [n, 3 H W]. Export the network with such an input.")
        { IsUsage = true };
    }

    /// <summary>The form with sizes in place of free ones.</summary>
    public OnnxImageForm Sized(int height, int width) => this with { Height = Height > 0 ? Height : height, Width = Width > 0 ? Width : width };

    /// <summary>The sizes of an input with so many images, at most <see cref="Most"/>.</summary>
    public long[] Shape(int images)
    {
        long[] image = Axes == ImageAxes.Plane ? [Height, Width] : Axes == ImageAxes.One ? [(long)Channels * Height * Width] : ChannelsLast ? [Height, Width, Channels] : [Channels, Height, Width];
        return Batch is { } batch ? [batch > 0 ? batch : images, .. image] : image;
    }

    /// <summary>Images <c>[n, 3, H, W]</c> as the elements of an input; where it takes a fixed number, the last one fills it up.</summary>
    public float[] Arrange(ReadOnlySpan<float> images)
    {
        int plane = Height * Width, count = images.Length / (3 * plane), filled = Math.Max(count, Batch ?? 1), size = Channels * plane;
        var input = new float[filled * size];
        for (int n = 0; n < filled; n++)
        {
            ReadOnlySpan<float> image = images.Slice(Math.Min(n, count - 1) * 3 * plane, 3 * plane);
            Span<float> target = input.AsSpan(n * size, size);
            for (int p = 0; p < plane; p++)
            {
                if (Channels == 1)
                {
                    target[p] = (s_grey[0] * image[p]) + (s_grey[1] * image[plane + p]) + (s_grey[2] * image[(2 * plane) + p]);
                    continue;
                }

                for (int c = 0; c < 3; c++)
                {
                    target[ChannelsLast ? (3 * p) + c : (c * plane) + p] = image[(c * plane) + p];
                }
            }
        }
        return input;
    }

    /// <summary>Images of fewer axes: a free first size before two that are no channels is that of the images, and a length is that of square images of one number
    /// of channels only, as 3 has no whole root.</summary>
    private static OnnxImageForm[] FewerAxes(IReadOnlyList<int> sizes) => sizes switch
    {
        [var batch, > 3 and var height, > 3 and var width] when batch is not (1 or 3) => [new OnnxImageForm(1, false, Math.Max(0, batch), height, width) { Axes = ImageAxes.Plane }],
        [var batch, > 3 and var length] => [.. new[] { 3, 1 }.Where(c => Side(length, c) is not null).Select(c => new OnnxImageForm(c, false, Math.Max(0, batch), Side(length, c)!.Value, Side(length, c)!.Value) { Axes = ImageAxes.One })],
        [var batch, < 0] => [.. new[] { 3, 1 }.Select(c => new OnnxImageForm(c, false, Math.Max(0, batch), 0, 0) { Axes = ImageAxes.One })],
        _ => [],
    };

    private static int? Side(int length, int channels) => (int)Math.Sqrt(length / channels) is var side && side * side * channels == length ? side : null;

    private static bool Fits(IReadOnlyList<int> sizes, int channels, bool last)
    {
        int at = sizes.Count - (last ? 1 : 3);
        return sizes[at] == channels || sizes[at] < 0;
    }

    private static OnnxImageForm Form(IReadOnlyList<int> sizes, int channels, bool last)
    {
        int first = sizes.Count - (last ? 3 : 2);
        return new OnnxImageForm(channels, last, sizes.Count == 3 ? null : Math.Max(0, sizes[0]), Math.Max(0, sizes[first]), Math.Max(0, sizes[first + 1]));
    }
}
