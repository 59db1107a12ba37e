using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The training loop: resuming, stopping, diverging, writing.</summary>
public class TrainerTests
{
    private static readonly Dictionary<string, string> s_configuration = new() { ["seed"] = "1", ["rate"] = "0.002" };

    private static BinaryViTConfig Network { get; } = new(
        "trainer", ImageSize: 32, PatchSize: 8,
        [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)],
        Classes: 10);

    [Fact]
    public void ResumedRunEqualsAStraightOneBitForBit()
    {
        using var straight = new TempFolder();
        using var broken = new TempFolder();
        Dictionary<string, float[]> expected = Train(straight, steps: 12, stopAfter: null);
        Assert.Throws<ConvertException>(() => Train(broken, steps: 12, stopAfter: 5));
        TrainState at = Checkpoint.Peek(broken.File("run/last.safetensors"));
        Assert.Equal(5, at.Step);
        Dictionary<string, float[]> resumed = Train(broken, steps: 12, stopAfter: null, resume: true);

        Assert.Equal(expected.Keys, resumed.Keys);
        foreach ((string name, float[] values) in expected)
        {
            Assert.True(values.AsSpan().SequenceEqual(resumed[name]), name);
        }
        // Everything but the loss and the times, which are means since the last report.
        string[] Lines(TempFolder folder) =>
            [.. File.ReadLines(folder.File("metrics.csv")).Select(l => l.Split(',')).Where(f => f[6].Length > 0).Select(f => $"{f[1]} {f[2]} {f[3]} {f[5]} {f[6]}")];
        Assert.Equal(Lines(straight), Lines(broken));
        // What was found in the layers, sign flips included, is the same as well.
        string[] layers = File.ReadAllLines(straight.File("layers.csv"));
        Assert.Equal(MetricsLog.LayersHeader, layers[0]);
        Assert.Contains(layers, l => l.Contains(BinarizerHealth.Flips, StringComparison.Ordinal));
        Assert.Equal(layers, File.ReadAllLines(broken.File("layers.csv")));
    }

    [Fact]
    public void ResumedRunEqualsAStraightOneWithEveryBinarizationOption()
    {
        var options = new BinarizationSettings
        {
            Gradient = ActivationGradient.Annealed,
            FloatWeights = 0.4,
            Clip = new ClipStart(2, true),
            ClipPerLayer = true,
            Regularizer = 0.5,
            RegularizerShare = 0.5,
            FreezeSigns = 0.25,
        };
        using var straight = new TempFolder();
        using var broken = new TempFolder();
        Dictionary<string, float[]> expected = Train(straight, steps: 12, stopAfter: null, binarization: options, accumulate: 2);
        Assert.Throws<ConvertException>(() => Train(broken, steps: 12, stopAfter: 10, binarization: options, accumulate: 2));
        Dictionary<string, float[]> resumed = Train(broken, steps: 12, stopAfter: null, resume: true, binarization: options, accumulate: 2);
        foreach ((string name, float[] values) in expected)
        {
            Assert.True(values.AsSpan().SequenceEqual(resumed[name]), name);
        }

        Assert.Single(resumed["vit.encoder.layer.0.attention.attention.att_prob_clip_log"]);
    }

    [Fact]
    public void ResumedRunEqualsAStraightOneWithPartsLeftOutAndAMean()
    {
        var left = new Regularization(0.3, 0.2) { Average = 0.9 };
        using var straight = new TempFolder();
        using var broken = new TempFolder();
        Dictionary<string, float[]> expected = Train(straight, steps: 8, stopAfter: null, regularization: left, accumulate: 2);
        Assert.Throws<ConvertException>(() => Train(broken, steps: 8, stopAfter: 3, regularization: left, accumulate: 2));
        Dictionary<string, float[]> resumed = Train(broken, steps: 8, stopAfter: null, resume: true, regularization: left, accumulate: 2);
        foreach ((string name, float[] values) in expected)
        {
            Assert.True(values.AsSpan().SequenceEqual(resumed[name]), name);
        }

        byte[] mean = Checkpoint.Extra(straight.File("run/last.safetensors"), FloatAverage.StateName)!;
        Assert.Equal(mean, Checkpoint.Extra(broken.File("run/last.safetensors"), FloatAverage.StateName));
    }

    [Fact]
    public void NothingIsTheBestWhileWeightsAreFloats()
    {
        using var folder = new TempFolder();
        Assert.Throws<ConvertException>(() => Train(folder, steps: 12, stopAfter: 8, binarization: new BinarizationSettings { FloatWeights = 0.9 }));
        Assert.Contains(File.ReadLines(folder.File("metrics.csv")), l => l.Split(',')[6] is { Length: > 0 } and not "top1");
        Assert.False(File.Exists(folder.File("run/best.safetensors")));
        Assert.Equal(-1, Checkpoint.Peek(folder.File("run/last.safetensors")).BestTop1);
    }

    [Fact]
    public void FrozenSignsStayAndFloatsLearn()
    {
        // Frozen from the second step of ten on: nine steps change no latent weight.
        using var whole = new TempFolder();
        using var once = new TempFolder();
        Assert.Throws<ConvertException>(() => Train(once, steps: 10, stopAfter: 1, binarization: new BinarizationSettings { FreezeSigns = 0.9 }));
        using var model = new BinaryViT(Network);
        Checkpoint.Load(once.File("run/last.safetensors"), model);
        Dictionary<string, float[]> first = model.state_dict().ToDictionary(p => p.Key, p => ModelTensors.ToArray(p.Value.to(ScalarType.Float32)));
        Dictionary<string, float[]> last = Train(whole, steps: 10, stopAfter: null, binarization: new BinarizationSettings { FreezeSigns = 0.9 });
        foreach (string name in last.Keys)
        {
            bool latent = model.SignWeights().Any(w => name == w.Layer + ".weight");
            bool learns = name.EndsWith(".weight", StringComparison.Ordinal) && !latent;
            if (latent)
            {
                Assert.Equal(first[name], last[name]);
            }
            else if (learns)
            {
                Assert.NotEqual(first[name], last[name]);
            }
        }
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(36_000_000_000, false)]
    public void CheckpointsAreWrittenByTime(long everyTicks, bool written)
    {
        using var folder = new TempFolder();
        bool? found = null;
        Train(folder, steps: 6, stopAfter: null, every: TimeSpan.FromTicks(everyTicks), before: step => found ??= step == 2 ? File.Exists(folder.File("run/last.safetensors")) : null);
        Assert.Equal(written, found);
    }

    [Fact]
    public void StoppedRunSaysHowToGoOn()
    {
        using var folder = new TempFolder();
        var error = Assert.Throws<ConvertException>(() => Train(folder, steps: 8, stopAfter: 3));
        Assert.Equal(ConvertException.Interrupted, error.ExitCode);
        Assert.Contains("stopped after step 3 of 8", error.Message, StringComparison.Ordinal);
        Assert.Contains("--resume", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ResumeWithAnotherConfigurationNamesTheKeys()
    {
        using var folder = new TempFolder();
        Assert.Throws<ConvertException>(() => Train(folder, steps: 8, stopAfter: 2));
        Dictionary<string, string> other = new(s_configuration) { ["rate"] = "0.004", ["new"] = "x" };
        var error = Assert.Throws<ConvertException>(() => Train(folder, steps: 8, stopAfter: null, resume: true, configuration: other));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.Contains("rate was 0.002, is 0.004", error.Message, StringComparison.Ordinal);
        Assert.Contains("new was absent, is x", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("seed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LossThatIsNotFiniteStopsWithCausesAndKeepsTheCheckpoint()
    {
        using var folder = new TempFolder();
        Assert.Throws<ConvertException>(() => Train(folder, steps: 8, stopAfter: 4));
        byte[] before = File.ReadAllBytes(folder.File("run/last.safetensors"));
        var error = Assert.Throws<ConvertException>(() => Train(folder, steps: 8, stopAfter: null, resume: true, poisonAt: 5));
        Assert.Equal(ConvertException.Failure, error.ExitCode);
        Assert.Contains("loss became NaN at step 6 of 8", error.Message, StringComparison.Ordinal);
        Assert.Contains("learning rate", error.Message, StringComparison.Ordinal);
        Assert.Contains("after step 4", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(folder.File("run/last.safetensors")));
    }

    [Fact]
    public void CheckpointThatCannotBeWrittenLeavesTheOldOne()
    {
        using var folder = new TempFolder();
        using var model = new BinaryViT(Network);
        string path = folder.File("run/last.safetensors");
        Checkpoint.Save(path, model, null, TrainState.Start with { Step = 3 }, s_configuration);
        Assert.Equal(3, Checkpoint.Peek(path).Step);

        // A folder in the way fails the rename for root too, where a read-only folder would not.
        string blocked = folder.File("blocked.safetensors");
        Directory.CreateDirectory(blocked);
        var error = Assert.Throws<ConvertException>(() => Checkpoint.Save(blocked, model, null, TrainState.Start, s_configuration));
        Assert.Contains("blocked.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Equal(["blocked.safetensors", "run"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void DamagedOrForeignCheckpointsAreRefused()
    {
        using var folder = new TempFolder();
        using var model = new BinaryViT(Network);
        string path = folder.File("c.safetensors");
        Checkpoint.Save(path, model, null, TrainState.Start, s_configuration);
        using var other = new ResNet(10, 8);
        Assert.Contains("another network", Assert.Throws<ConvertException>(() => Checkpoint.Load(path, other)).Message, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        Assert.Contains("cannot be read", Assert.Throws<ConvertException>(() => Checkpoint.Load(path, model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RestimatedNormsSeeTheAverageOfTheBatches()
    {
        PixelSource source = DataTests.Shapes(64);
        torch.manual_seed(1);
        using var model = new BinaryViT(Network);
        NormStatistics.Reestimate(model, source, [.. Enumerable.Range(0, 64)], Augmentation.None, 32, 2, torch.CPU, seed: 5);
        Assert.False(model.training);
        TokenNorm norm = model.modules().OfType<TokenNorm>().First();
        Assert.Equal(0.1, norm.Momentum);
        // With statistics of the same images the first norm gives mean 0 and variance 1 over them.
        var taps = new RecordedTaps();
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        model.Taps.Sink = taps;
        model.call(BatchLoader.InOrder(source, [.. Enumerable.Range(0, 64)], 64).Single().ToTensor(source, torch.CPU));
        float[] values = taps.Values["vit.embeddings.norm"];
        Assert.InRange(values.Average(), -0.05, 0.05);
        Assert.InRange(values.Average(v => v * v), 0.9, 1.1);
    }

    private static Dictionary<string, float[]> Train(
        TempFolder folder, long steps, int? stopAfter, bool resume = false, Dictionary<string, string>? configuration = null, long poisonAt = -1,
        BinarizationSettings? binarization = null, int accumulate = 1, TimeSpan? every = null, Action<int>? before = null,
        Regularization? regularization = null)
    {
        binarization ??= new BinarizationSettings();
        PixelSource source = DataTests.Shapes(96);
        var split = new DataSplit([.. Enumerable.Range(0, 80)], [.. Enumerable.Range(80, 16)]);
        torch.manual_seed(7);
        using var model = new BinaryViT(Network, binarization: binarization);
        using var stop = new CancellationTokenSource();
        var task = new Probe(new ClassifyTask(model), stop, stopAfter, poisonAt, before, accumulate);
        var settings = new TrainSettings { Steps = steps, BatchSize = 16, Evaluations = 3, Seed = 4, Binarization = binarization, Accumulate = accumulate, Regularization = regularization ?? Regularization.None }.Validate("test");
        var files = new TrainerFiles("student", folder.File("run"), folder.File("metrics.csv"), configuration ?? s_configuration) { CheckpointEvery = every ?? TimeSpan.FromMinutes(1) };
        new Trainer(task, settings, source, split, new Augmentation(4, true), torch.CPU, files, new SilentProgress()).Run(resume, stop.Token);
        return model.state_dict().Where(p => p.Value.dtype == ScalarType.Float32).ToDictionary(p => p.Key, p => ModelTensors.ToArray(p.Value));
    }

    /// <summary>A task that asks for a stop after some steps, or gives a loss that is no number.</summary>
    private sealed class Probe(ITrainingTask task, CancellationTokenSource stop, int? stopAfter, long poisonAt, Action<int>? before, int parts) : ITrainingTask
    {
        private int _steps;
        private int _calls;

        public nn.Module<Tensor, Tensor> Model => task.Model;

        public Tensor Loss(Tensor images, Tensor labels, Batch batch)
        {
            _calls++;
            if (_calls % parts == 0)
            {
                if (++_steps == stopAfter)
                {
                    stop.Cancel();
                }

                before?.Invoke(_steps);
            }
            Tensor loss = task.Loss(images, labels, batch);
            return poisonAt == _steps + 3 ? loss * float.NaN : loss;
        }
    }
}
