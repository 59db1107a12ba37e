using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Stochastic depth, dropout and the mean of the floats.</summary>
public class RegularizationTests
{
    private static BinaryViTConfig Network { get; } = new(
        "regularization", ImageSize: 32, PatchSize: 8,
        [new StageConfig(Depth: 2, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)],
        Classes: 10);

    [Fact]
    public void SkippedImagesStayAsTheyAreAndOthersCountForMore()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor before = torch.randn(400 * 3, 4);
        Tensor after = before + 1;
        var omission = new Omission(new Regularization(0.5, 0), Seed: 3, Step: 7, Part: 0);
        Assert.Same(after, omission.Skip(before, after, 400, 0, depth: 0));
        float[] change = ModelTensors.ToArray(omission.Skip(before, after, 400, 1, depth: 0.5) - before);
        // A quarter of the images skip; the rest change by 1 / (1 - 0.25); all tokens of an image alike.
        float[] images = [.. change.Chunk(12).Select(c => c.Max() - c.Min() < 1e-4f ? c[0] : float.NaN)];
        Assert.All(images, c => Assert.True(c == 0 || Math.Abs(c - (4 / 3f)) < 1e-4, $"{c}"));
        Assert.InRange(images.Count(c => c == 0), 70, 130);
        float[] Again(Omission other, int site) => ModelTensors.ToArray(other.Skip(before, after, 400, site, 0.5) - before);
        Assert.Equal(change, Again(omission, 1));
        Assert.NotEqual(change, Again(omission, 2));
        Assert.NotEqual(change, Again(omission with { Step = 8 }, 1));
        Assert.NotEqual(change, Again(omission with { Part = 1 }, 1));
    }

    [Fact]
    public void DroppedFeaturesAreZero()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor features = torch.ones(50, 40);
        var omission = new Omission(new Regularization(0, 0.2), 1, 1, 0);
        float[] dropped = ModelTensors.ToArray(omission.Drop(features));
        Assert.All(dropped, v => Assert.True(v is 0 or 1.25f));
        Assert.InRange(dropped.Count(v => v == 0), 330, 470);
        Assert.Same(features, new Omission(Regularization.None, 1, 1, 0).Drop(features));
    }

    [Fact]
    public void ASkippedLayerIsTheIdentityInTheNetwork()
    {
        torch.manual_seed(1);
        using DisposeScope scope = torch.NewDisposeScope();
        using var model = new BinaryViT(Network);
        model.train();
        Tensor images = torch.randn(16, 3, 32, 32);
        float[] whole = ModelTensors.ToArray(model.call(images));
        model.Omission = new Omission(new Regularization(0.9, 0), 1, 1, 0);
        float[] some = ModelTensors.ToArray(model.call(images));
        Assert.NotEqual(whole, some);
        // Evaluation leaves nothing out.
        model.eval();
        float[] evaluated = ModelTensors.ToArray(model.call(images));
        model.Omission = null;
        Assert.Equal(evaluated, ModelTensors.ToArray(model.call(images)));
    }

    [Fact]
    public void TheMeanIsOfFloatsOnlyAndGoesOnAsSaved()
    {
        torch.manual_seed(1);
        using var model = new BinaryViT(Network);
        using var average = new FloatAverage(model, 0.5);
        const string Float = "classifier.bias", Signs = "vit.encoder.layer.0.output.dense.weight";
        float[] Values(string name) => ModelTensors.ToArray(model.named_parameters().Single(p => p.name == name).parameter);
        float start = Values(Float)[0];
        float[] latent = Values(Signs);
        void Add(float by)
        {
            using IDisposable frozen = torch.no_grad();
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters())
            {
                parameter.add_(by);
            }
        }

        // The old mean's share is 1/10 at first, then 2/11.
        Add(1);
        average.Update();
        Add(1);
        average.Update();
        double expected = (2.0 / 11 * (start + 0.9)) + (9.0 / 11 * (start + 2));
        using var restored = new FloatAverage(model, 0.5);
        restored.Restore(average.Save());
        Add(1);
        average.Update();
        restored.Update();
        Assert.Equal(average.Save(), restored.Save());
        expected = (3.0 / 12 * expected) + (9.0 / 12 * (start + 3));
        restored.Apply();
        Assert.Equal(expected, Values(Float)[0], 1e-5);
        Assert.Equal(latent.Select(v => v + 3), Values(Signs), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Throws<ConvertException>(() => restored.Restore([1, 2, 3]));
    }

    [Fact]
    public void WrongSettingsAreNamedWithTheirRange()
    {
        var options = new ConvertOptions
        {
            Data = "shapes",
            Out = "x",
            Crop = 2,
            RandAugment = 11,
            RandMagnitude = -1,
            Repeats = 0,
            Regularization = new Regularization(1, -1) { Average = 1 },
        };
        string message = Assert.Throws<ConvertException>(options.Validate).Message;
        foreach (string part in new[] { "--random-crop is 2, expected 0 to 1", "--rand-augment is 11, expected 0 to 10", "--rand-magnitude is -1, expected 0 to 30", "--repeats is 0, expected 1 to 16", "--drop-path is 1, expected 0 to 0.9", "--dropout is -1", "--ema is 1, expected 0 to 0.999999" })
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }
}
