using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How the images of one batch are mixed, image <c>i</c> with <c>B - 1 - i</c>.</summary>
/// <param name="OwnShare">The share of each image that is its own.</param>
/// <param name="Cut">Whether a rectangle is the partner's, instead of a weighted sum everywhere.</param>
internal readonly record struct Mixture(float OwnShare, bool Cut, Window Window)
{
    internal static Mixture None { get; } = new(1, Cut: true, default);

    /// <summary>Mixes <c>[B, 3, H, W]</c> in place.</summary>
    internal void Apply(float[] images, int count, int height, int width)
    {
        int length = 3 * height * width;
        for (int i = 0; i < count / 2; i++)
        {
            Span<float> first = images.AsSpan(i * length, length);
            Span<float> second = images.AsSpan((count - 1 - i) * length, length);
            if (Cut)
            {
                Swap(first, second, height, width);
            }
            else
            {
                Blend(first, second);
            }
        }
    }

    /// <summary>The mixed images <c>[B, 3, H, W]</c>; those given may be changed.</summary>
    internal Tensor Apply(Tensor images)
    {
        if (Cut)
        {
            if (Window.IsEmpty || Window.Width == 0)
            {
                return images;
            }

            Tensor part = images.narrow(2, Window.Top, Window.Height).narrow(3, Window.Left, Window.Width);
            part.copy_(part.flip(0));
            return images;
        }
        Tensor mixed = (images * Number(OwnShare)).add(images.flip(0) * Number(1 - OwnShare), One);
        long count = images.shape[0];
        // The image in the middle has no partner.
        if (count % 2 == 1)
        {
            mixed.narrow(0, count / 2, 1).copy_(images.narrow(0, count / 2, 1));
        }

        return mixed;
    }

    private void Blend(Span<float> first, Span<float> second)
    {
        for (int p = 0; p < first.Length; p++)
        {
            (float a, float b) = (first[p], second[p]);
            first[p] = (OwnShare * a) + ((1 - OwnShare) * b);
            second[p] = (OwnShare * b) + ((1 - OwnShare) * a);
        }
    }

    private void Swap(Span<float> first, Span<float> second, int height, int width)
    {
        for (int row = 0; row < 3 * height; row++)
        {
            if (row % height < Window.Top || row % height >= Window.Top + Window.Height)
            {
                continue;
            }

            for (int x = (row * width) + Window.Left; x < (row * width) + Window.Left + Window.Width; x++)
            {
                (first[x], second[x]) = (second[x], first[x]);
            }
        }
    }
}
