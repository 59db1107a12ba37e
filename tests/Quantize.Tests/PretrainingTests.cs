using EdgeVit.Export;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>A masked autoencoder sees a quarter of an image and learns to say the rest; what it has learnt is where the teacher begins.</summary>
public class PretrainingTests
{
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    public void NothingOfAHiddenPatchReachesTheTransformer(bool shifted, bool locality, bool distilled)
    {
        torch.manual_seed(3);
        using var vit = new SmallViT(4, 32, new ViTForm(shifted, locality, distilled), depth: 2);
        vit.eval();
        using DisposeScope scope = torch.NewDisposeScope();
        long side = vit.PatchSide, columns = 32 / side;
        Tensor images = torch.randn(2, 3, 32, 32), visible = torch.tensor([0L, 5, 20, 63, 7, 33, 34, 60]).view(2, 4);
        Tensor before = vit.Encode(images, visible);
        Assert.Equal([2, 4, SmallViT.Width], before.shape);

        // The patches with all neighbours far from those that are seen: shifted ones see the halves of theirs.
        foreach ((int image, long patch, bool hidden) in new[] { (0, 43L, true), (1, 11L, true), (0, 20L, false), (1, 60L, false) })
        {
            Tensor changed = images.clone();
            changed[image].narrow(1, patch / columns * side, side).narrow(2, patch % columns * side, side).add_(Number(1));
            Tensor after = vit.Encode(changed, visible);
            Assert.Equal(hidden, ModelTensors.ToArray(before[image]).SequenceEqual(ModelTensors.ToArray(after[image])));
            Assert.Equal(ModelTensors.ToArray(before[1 - image]), ModelTensors.ToArray(after[1 - image]));
        }
    }

    /// <summary>The loss is that of the hidden patches alone, against their normed pixels.</summary>
    [Fact]
    public void OnlyHiddenPatchesAreSaidAgain()
    {
        torch.manual_seed(4);
        using var whole = new MaskedAutoencoder(new SmallViT(4, 32, depth: 1));
        whole.eval();
        Assert.Equal((64, 16), (whole.Patches, whole.Visible));
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = torch.randn(1, 3, 32, 32);
        Tensor normed = MaskedAutoencoder.Normed(images, 4);
        Assert.Equal([1, 64, 48], normed.shape);
        Assert.All(ModelTensors.ToArray(normed.mean([-1L])), m => Assert.Equal(0, m, 1e-5));
        Assert.All(ModelTensors.ToArray(normed.var(-1, unbiased: true)), v => Assert.Equal(1, v, 1e-3));

        var random = new Random(1);
        long[] order = [.. Enumerable.Range(0, 64).Select(i => (long)i)];
        random.Shuffle(order);
        float loss = whole.Loss(images, torch.tensor(order).view(1, 64)).item<float>();
        // Neither the order of those that are seen nor that of the others matters.
        long[] turned = [.. order[..16].Reverse(), .. order[16..].Reverse()];
        Assert.Equal(loss, whole.Loss(images, torch.tensor(turned).view(1, 64)).item<float>(), 1e-5);
        // Brightness and contrast of a hidden patch are none of what is to be said.
        Tensor brighter = images.clone();
        brighter.narrow(2, order[20] / 8 * 4, 4).narrow(3, order[20] % 8 * 4, 4).mul_(Number(2)).add_(Number(1));
        Assert.Equal(loss, whole.Loss(brighter, torch.tensor(order).view(1, 64)).item<float>(), 1e-5);
        Tensor other = images.clone();
        other.narrow(2, order[20] / 8 * 4, 4).narrow(3, order[20] % 8 * 4, 4).copy_(torch.randn(1, 3, 4, 4));
        Assert.NotEqual(loss, whole.Loss(other, torch.tensor(order).view(1, 64)).item<float>(), 1e-5);
    }

    [Fact]
    public void WhatIsHiddenIsAFunctionOfSeedPassAndImage()
    {
        using var whole = new MaskedAutoencoder(new SmallViT(4, 32, depth: 1));
        long[] Order(ulong seed, long epoch, int image)
        {
            long[] order = new long[64];
            new MaskedTask(whole, seed).Order(epoch, image, order);
            return order;
        }

        Assert.Equal(Enumerable.Range(0, 64).Select(i => (long)i), Order(1, 0, 5).Order());
        Assert.Equal(Order(1, 0, 5), Order(1, 0, 5));
        Assert.NotEqual(Order(1, 0, 5), Order(2, 0, 5));
        Assert.NotEqual(Order(1, 0, 5), Order(1, 1, 5));
        Assert.NotEqual(Order(1, 0, 5), Order(1, 0, 6));
        // Every patch is hidden about as often as any other.
        int[] seen = new int[64];
        for (int image = 0; image < 2000; image++)
        {
            foreach (long patch in Order(7, 0, image)[..16])
            {
                seen[patch]++;
            }
        }

        Assert.All(seen, count => Assert.InRange(count, 400, 600));
    }

    /// <summary>A run pre-trains, goes on from where it was stopped, and its teacher begins with what was learnt.</summary>
    [Fact]
    public void ATeacherBeginsWithWhatItHasSeen()
    {
        using var folder = new TempFolder();
        ConvertOptions options = new()
        {
            Data = "shapes",
            ShapesTrain = 256,
            ShapesTest = 32,
            Out = folder.File("run"),
            Student = "binaryvit-nano",
            Teacher = "vit",
            Pretrain = "mae",
            PretrainEpochs = 3,
            TeacherEpochs = 0.5,
            Epochs = 0.5,
            Threads = 1,
        };
        var first = new Recorder();
        Converter.Convert(options, first);
        Assert.Contains(first.Seen.OfType<PhaseStarted>(), p => p.Phase == "pretraining");
        string before = Path.Combine(options.Out, "pretraining", TrainerFiles.LastName);
        double[] losses = [.. File.ReadLines(Path.Combine(options.Out, RunFiles.Metrics)).Where(l => l.StartsWith("pretraining,", StringComparison.Ordinal)).Select(l => double.Parse(l.Split(',')[4], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.NotEmpty(losses);
        Assert.True(losses[^1] < 1.1);

        IReadOnlyDictionary<string, FloatTensor> learnt = NamedTensorsReader.ReadSafetensors(before), teacher = NamedTensorsReader.ReadSafetensors(Path.Combine(options.Out, "teacher", TrainerFiles.BestName));
        // Two steps of the labels later the teacher is still near to it, and far from where it began.
        float[] seen = learnt["model.encoder.blocks.0.qkv.weight"].Data, now = teacher["model.blocks.0.qkv.weight"].Data;
        Assert.InRange(seen.Zip(now, (a, b) => Math.Abs(a - b)).Max(), 1e-7, 0.02);

        // A configuration without it is another one.
        Assert.Contains("pretraining", Assert.Throws<ConvertException>(() => Converter.Convert(options with { Pretrain = null, PretrainEpochs = null, Resume = true }, new Recorder())).Message, StringComparison.Ordinal);
        byte[] model = File.ReadAllBytes(Path.Combine(options.Out, RunFiles.Model));
        Converter.Convert(options with { Resume = true }, new Recorder());
        Assert.Equal(model, File.ReadAllBytes(Path.Combine(options.Out, RunFiles.Model)));
    }

    [Theory]
    [InlineData("mae", "convnet", false, "vit, vit-spt")]
    [InlineData("mae", "none", false, "--teacher is none")]
    [InlineData("beit", "vit", false, "expected mae")]
    [InlineData("mae", "vit", true, "--pretrain-epochs")]
    public void WhatCannotBeIsSaid(string pretrain, string teacher, bool budget, string words)
    {
        var options = new ConvertOptions
        {
            Data = "shapes",
            Out = "run",
            Teacher = teacher,
            Pretrain = pretrain,
            Budget = budget ? TimeSpan.FromMinutes(5) : null,
        };
        Assert.Contains(words, Assert.Throws<ConvertException>(() => TeacherList.Require(options.Validate())).Message, StringComparison.Ordinal);
    }
}
