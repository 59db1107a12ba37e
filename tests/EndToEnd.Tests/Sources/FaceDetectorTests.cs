using EdgeVit.Export.Faces;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Both families of detectors, made here, over pictures of many sizes.</summary>
public sealed class FaceDetectorTests
{
    [Theory]
    [InlineData("blaze")]
    [InlineData("blaze in parts")]
    [InlineData("yunet")]
    public void FacesAreWhereTheyAre(string kind)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["d.onnx"], kind == "yunet" ? TemplateDetector.YuNet() : TemplateDetector.Blaze(kind == "blaze"));
        using FaceDetector detector = FaceDetector.Open(folder["d.onnx"]);
        var random = new Random(4);
        for (int trial = 0; trial < 30; trial++)
        {
            // A picture whose longer side is a multiple of the detector's: it is made smaller by a whole number.
            int times = random.Next(1, 4), columns = TemplateDetector.Input, rows = TemplateDetector.Stride * random.Next(6, 17);
            (int width, int height) = random.Next(2) == 0 ? (columns * times, rows * times) : (rows * times, columns * times);
            RgbImage image = Grey(width, height, (byte)random.Next(256));
            int count = random.Next(0, 2);
            int x = Place(width / times), y = Place(height / times);
            if (count == 1)
            {
                Paint(image, x * times, y * times, TemplateDetector.Side * times);
            }

            IReadOnlyList<FaceBox> faces = detector.Find(image);
            Assert.Equal(count, faces.Count);
            foreach (FaceBox face in faces)
            {
                double[] expected = [x * times, y * times, TemplateDetector.Side * times, TemplateDetector.Side * times];
                Assert.All(expected.Zip([face.Left, face.Top, face.Width, face.Height]), p => Assert.Equal(p.First, p.Second, 0.6 * times));
                RgbImage crop = FaceCrop.Of(image, face);
                Assert.Equal((int)Math.Round(TemplateDetector.Side * times * FaceCrop.Margin), crop.Width, 1.0);
                Assert.Equal((255, 0), (crop.Pixels[Middle(crop)], crop.Pixels[Middle(crop) + 1]));
            }
        }

        // The corner of a face whose middle is in the middle of a place.
        int Place(int side) => (TemplateDetector.Stride * random.Next(1, (side / TemplateDetector.Stride) - 2)) + (TemplateDetector.Stride / 2) - (TemplateDetector.Side / 2) + TemplateDetector.Stride;
    }

    [Fact]
    public void ACropThatLeavesThePictureRepeatsItsEdge()
    {
        RgbImage image = Grey(10, 6, 50);
        image.Pixels[0] = 200;
        RgbImage crop = FaceCrop.Of(image, new FaceBox(-4, -4, 8, 8, 1));
        Assert.Equal((10, 10), (crop.Width, crop.Height));
        // Five columns and rows before the corner repeat it.
        Assert.Equal((200, 200, 50), (crop.Pixels[0], crop.Pixels[((5 * 10) + 5) * 3], crop.Pixels[((5 * 10) + 6) * 3]));
        Assert.Equal(2 * 10, FaceCrop.Of(image, new FaceBox(0, 0, 1e9, 1, 1)).Width);
    }

    /// <summary>Of boxes that overlap the surest stays; against a writing by all pairs.</summary>
    [Fact]
    public void EachFaceIsSeenOnce()
    {
        var random = new Random(8);
        for (int trial = 0; trial < 200; trial++)
        {
            FaceBox[] boxes = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => new FaceBox(random.Next(20), random.Next(20), random.Next(4, 15), random.Next(4, 15), random.NextDouble()))];
            IReadOnlyList<FaceBox> kept = FaceBox.Distinct(boxes);
            Assert.All(boxes, b => Assert.Equal(kept.Contains(b), !kept.Any(k => k.Score > b.Score && Shared(k, b) > 0.3)));
        }

        static double Shared(FaceBox a, FaceBox b)
        {
            int both = 0, either = 0;
            for (int y = 0; y < 40; y++)
            {
                for (int x = 0; x < 40; x++)
                {
                    bool inA = In(a, x, y), inB = In(b, x, y);
                    both += inA && inB ? 1 : 0;
                    either += inA || inB ? 1 : 0;
                }
            }

            return (double)both / either;
        }

        static bool In(FaceBox b, int x, int y) => x >= b.Left && x < b.Left + b.Width && y >= b.Top && y < b.Top + b.Height;
    }

    [Fact]
    public void AnotherNetworkIsRefusedByName()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["c.onnx"], new ColourOnnx().Bytes());
        var refused = Assert.Throws<OnnxModelException>(() => FaceDetector.Open(folder["c.onnx"]));
        Assert.True(refused.IsUsage);
        Assert.Contains("'scores'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("BlazeFace", refused.Message, StringComparison.Ordinal);
        Assert.Contains("YuNet", refused.Message, StringComparison.Ordinal);
    }

    private static int Middle(RgbImage image) => ((image.Height / 2 * image.Width) + (image.Width / 2)) * 3;

    private static RgbImage Grey(int width, int height, byte value)
    {
        var image = new RgbImage(width, height);
        image.Pixels.AsSpan().Fill(value);
        return image;
    }

    private static void Paint(RgbImage image, int left, int top, int side)
    {
        for (int y = top; y < top + side; y++)
        {
            for (int x = left; x < left + side; x++)
            {
                int at = ((y * image.Width) + x) * 3;
                (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]) = (255, 0, 0);
            }
        }
    }
}
