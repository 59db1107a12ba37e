using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A photo as the network sees it.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Pixels">RGB <c>[H, W, 3]</c>, the network's input.</param>
/// <param name="View">The same cut in as much detail as a page has room for.</param>
internal sealed record PreparedPhoto(string Source, byte[] Pixels, RgbImage View)
{
    /// <summary>Longest side of a picture in the page, pixels.</summary>
    public const int MostSide = 320;

    /// <summary>Prepares a decoded photo.</summary>
    public static PreparedPhoto Of(string source, RgbImage image, Preprocess preprocess)
    {
        var pipeline = new PreprocessPipeline(preprocess);
        byte[] pixels = new byte[pipeline.Length];
        pipeline.ToPixels(image, pixels);
        double room = (double)MostSide / Math.Max(preprocess.Height, preprocess.Width);
        double detail = (double)Math.Min(image.Width, image.Height) / preprocess.ResizeShorterSide;
        double factor = Math.Min(room, Math.Max(1, detail));
        (int height, int width) = (Scaled(preprocess.Height), Scaled(preprocess.Width));
        var larger = new PreprocessPipeline(preprocess with
        {
            Height = height,
            Width = width,
            ResizeShorterSide = Math.Max(Scaled(preprocess.ResizeShorterSide), Math.Max(height, width)),
        });
        var view = new RgbImage(width, height);
        larger.ToPixels(image, view.Pixels);
        return new PreparedPhoto(source, pixels, view);

        int Scaled(int length) => Math.Max(1, (int)Math.Round(length * factor));
    }
}

/// <summary>All that is told about a photo.</summary>
/// <param name="Photo">The photo.</param>
/// <param name="Kernel">The kernel set whose logits were compared.</param>
/// <param name="Logits">The kernels' logits, the interpreter's bit for bit.</param>
/// <param name="Image">What the interpreter computed.</param>
/// <param name="Occlusion">Occlusion by the kernels.</param>
/// <param name="Classes">The classes that are shown, the predicted one first.</param>
internal sealed record ExplainedPhoto(PreparedPhoto Photo, string Kernel, float[] Logits, ExplainedImage Image, Occlusion Occlusion, IReadOnlyList<int> Classes)
{
    /// <summary>Rows of the network's input.</summary>
    public int Height { get; init; }

    /// <summary>Columns of the network's input.</summary>
    public int Width { get; init; }

    public double Probability(int classIndex) => Math.Exp(Export.Occlusion.LogProbability(Logits, classIndex));
}
