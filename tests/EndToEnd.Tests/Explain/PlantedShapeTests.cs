using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Occlusion finds what was planted.</summary>
public sealed class PlantedShapeTests
{
    private const int Images = 50;

    /// <summary>Shapes whose box is at most a quarter of the picture: a place taken blindly lies in it once in four times or less. All are counted, also those that
    /// the model does not recognise; the class is the one that was planted. A grey square is a shape itself, and on some grounds one of the classes: it
    /// finds fewer.</summary>
    [Theory]
    [InlineData(OccluderFill.Mean, 0.9)]
    [InlineData(OccluderFill.Grey, 0.6)]
    internal void ThePeakLiesOnThePlantedShape(OccluderFill fill, double least)
    {
        const int Side = ShapesDataset.Side;
        using EvitModel model = EvitModel.Open(Path.Combine(Repository.Root, "models", "shapes.evit"));
        var shapes = new ShapesDataset(new DatasetOptions().Seed, ShapesSplit.Test, 2000);
        int looked = 0, hits = 0;
        double area = 0;
        for (int i = 0; looked < Images; i++)
        {
            (RgbImage image, (int Left, int Top, int Right, int Bottom) box) = shapes.Draw(i);
            int pixels = (box.Right - box.Left) * (box.Bottom - box.Top);
            if (pixels * 4 > Side * Side)
            {
                continue;
            }

            looked++;
            area += pixels;
            var occlusion = Occlusion.Of(model, image.Pixels, 14, fill, 1, () => { }, CancellationToken.None);
            (double y, double x) = Occlusion.Middle(occlusion.Peak(model.Labels.ToList().IndexOf(shapes.Labels[shapes.Label(i)])), 14, Side, Side);
            hits += y >= box.Top && y < box.Bottom && x >= box.Left && x < box.Right ? 1 : 0;
        }

        TestContext.Current.SendDiagnosticMessage($"{fill}: {hits} of {Images}, boxes of {area / Images / Side / Side:P1} of the picture");
        Assert.True(hits >= least * Images, $"{hits} of {Images} peaks lie on the shape");
    }

    /// <summary>The box that is told is where the ink is.</summary>
    [Fact]
    public void TheBoxIsAroundTheShape()
    {
        var shapes = new ShapesDataset(3, ShapesSplit.Train, 200);
        for (int i = 0; i < shapes.Count; i++)
        {
            (RgbImage image, (int Left, int Top, int Right, int Bottom) box) = shapes.Draw(i);
            Assert.Equal(shapes.Load(i).Pixels, image.Pixels);
            Assert.True(box.Left >= 0 && box.Top >= 0 && box.Right <= ShapesDataset.Side && box.Bottom <= ShapesDataset.Side);
            Assert.InRange(box.Right - box.Left, 8, 30);
            Assert.InRange(box.Bottom - box.Top, 8, 30);
        }
    }
}
