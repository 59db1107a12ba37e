using EdgeVit.EndToEnd.Tests;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using SkiaSharp;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>Coloured shapes as a camera gives them, and the shipped model that knows them.</summary>
internal static class ShapePictures
{
    private const int Side = 128;

    public static string Model { get; } = Path.Combine(Repository.Root, "models", "shapes.evit");

    /// <summary>JPEG files of several labels, each of which the model recognises for certain.</summary>
    public static IReadOnlyList<(string Label, byte[] Jpeg)> Take(int count)
    {
        using EvitModel model = EvitModel.Open(Model);
        using Session session = model.CreateSession();
        var pipeline = new PreprocessPipeline(model.Preprocess);
        var shapes = new ShapesDataset(1, ShapesSplit.Test, 200);
        var taken = new List<(string Label, byte[] Jpeg)>();
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];
        for (int i = 0; i < shapes.Count && taken.Count < count; i++)
        {
            string label = shapes.Labels[shapes.Label(i)];
            byte[] jpeg = Jpeg(Resampler.Resize(shapes.Load(i), Side, Side, Interpolation.Bilinear));
            pipeline.ToPixels(ImageDecoder.Decode(jpeg, label), pixels);
            session.RunNhwc(pixels, logits);
            Prediction top = Prediction.Top(logits, model.Labels, 1)[0];
            if (top.Label == label && top.Probability > 0.9 && taken.All(t => t.Label != label))
            {
                taken.Add((label, jpeg));
            }
        }

        Assert.Equal(count, taken.Count);
        return taken;
    }

    private static byte[] Jpeg(RgbImage image)
    {
        using var bitmap = new SKBitmap(image.Width, image.Height);
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            bitmap.SetPixel(i % image.Width, i / image.Width, new SKColor(image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]));
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 95);
        return data.ToArray();
    }
}
