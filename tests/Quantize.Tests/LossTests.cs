using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Losses and the learning rate against values worked out in double.</summary>
public class LossTests
{
    [Theory]
    [InlineData(2, 0.9)]
    [InlineData(1, 1)]
    [InlineData(4, 0)]
    public void DistillationIsKullbackLeiblerPlusCrossEntropy(double temperature, double weight)
    {
        double[][] student = [[1, -2, 0.5], [0, 0, 3]];
        double[][] teacher = [[2, 0, -1], [1, 4, 0]];
        long[] labels = [0, 2];
        double expected = 0;
        for (int i = 0; i < 2; i++)
        {
            double[] s = LogSoftmax(student[i], temperature);
            double[] t = LogSoftmax(teacher[i], temperature);
            double divergence = Enumerable.Range(0, 3).Sum(c => Math.Exp(t[c]) * (t[c] - s[c]));
            expected += ((weight * temperature * temperature * divergence) - ((1 - weight) * LogSoftmax(student[i], 1)[labels[i]])) / 2;
        }
        using var model = new ResNet(3, 8, 8);
        var task = new DistillTask(model, new ModuleTeacher("teacher", model), temperature, weight);
        double found = task.Loss(ToTensor(student), ToTensor(teacher), torch.tensor(labels), Plain(2)).item<float>();
        Assert.Equal(expected, found, 1e-5);
    }

    [Fact]
    public void HardDistillationLearnsTheTeachersDecisions()
    {
        double[][] student = [[1, -2, 0.5], [0, 0, 3]];
        double[][] teacher = [[2, 0, -1], [1, 4, 0]];
        double expected = 0;
        foreach ((int i, int decision, int label) in new[] { (0, 0, 2), (1, 1, 2) })
        {
            expected -= ((0.7 * LogSoftmax(student[i], 1)[decision]) + (0.3 * LogSoftmax(student[i], 1)[label])) / 2;
        }

        using var model = new ResNet(3, 8, 8);
        var task = new DistillTask(model, new ModuleTeacher("teacher", model), Weight: 0.7, Hard: true);
        Assert.Equal(expected, task.Loss(ToTensor(student), ToTensor(teacher), torch.tensor([2L, 2L]), Plain(2)).item<float>(), 1e-5);
    }

    [Fact]
    public void MixedImagesHaveBothLabelsAndSmoothedLabelsAll()
    {
        double[][] logits = [[1, -2, 0.5], [0, 0, 3]];
        long[] labels = [0, 2];
        Batch mixed = Plain(2) with { OwnShare = 0.75f };
        double expected = 0;
        for (int i = 0; i < 2; i++)
        {
            double[] log = LogSoftmax(logits[i], 1);
            double own = -((0.75 * log[labels[i]]) + (0.25 * log[labels[1 - i]]));
            expected += ((0.9 * own) - (0.1 * log.Average())) / 2;
        }
        Assert.Equal(expected, LabelLoss.Of(ToTensor(logits), torch.tensor(labels), mixed, 0.1).item<float>(), 1e-5);
    }

    [Fact]
    public void TheCachedTeacherOfAMixedImageGivesTheMixtureOfBothAnswers()
    {
        PixelSource source = DataTests.Shapes(20);
        CachedTeacher cached = CachedTeacher.Ask(new ColumnTeacher(), source, [3, 5], torch.CPU, new SilentProgress(), default);
        Batch batch = BatchLoader.InOrder(source, [5, 3], 2).Single();
        Tensor images = batch.ToTensor(source, torch.CPU);
        float[] own = ModelTensors.ToArray(cached.Logits(images, batch).softmax(1));
        float[] found = ModelTensors.ToArray(cached.Logits(images, batch with { OwnShare = 0.6f }).softmax(1));
        for (int c = 0; c < 10; c++)
        {
            Assert.Equal((0.6f * own[c]) + (0.4f * own[10 + c]), found[c], 1e-5f);
            Assert.Equal((0.6f * own[10 + c]) + (0.4f * own[c]), found[10 + c], 1e-5f);
        }
    }

    /// <summary>With views, every image of a training is one of those that were answered, in memory and from a file.</summary>
    [Fact]
    public void TheCachedTeacherKnowsEveryViewThatIsShown()
    {
        PixelSource source = DataTests.Shapes(20);
        var varied = new Augmentation(3, true, 0.5) { Views = 3, Crop = 0.5 };
        var asked = new List<float[]>();
        int[] indices = [2, 3, 5, 7, 11];
        CachedTeacher cached = CachedTeacher.Ask(new Recorder(asked), source, indices, torch.CPU, new AnswerPlace(varied, 9), new SilentProgress(), default)!;
        Assert.Equal(3 * indices.Length, asked.Count);
        using var loader = new BatchLoader(source, indices, 5, varied, 9);
        HashSet<float> sums = [];
        for (int step = 0; step < 7; step++)
        {
            Batch batch = loader.Get(step);
            Assert.Equal(step % 3, batch.Epoch);
            float[] images = ModelTensors.ToArray(batch.ToTensor(source, torch.CPU)), answers = ModelTensors.ToArray(cached.Logits(torch.zeros(5, 1), batch));
            for (int i = 0; i < 5; i++)
            {
                float sum = images.AsSpan(i * images.Length / 5, images.Length / 5).ToArray().Sum();
                Assert.Equal(sum, answers[i * 10], 1e-3f * MathF.Max(1, MathF.Abs(sum)));
                sums.Add(answers[i * 10]);
            }
        }
        Assert.Equal(15, sums.Count);
    }

    /// <summary>Answers with the sum of an image.</summary>
    private sealed class Recorder(List<float[]> asked) : ITeacher
    {
        public string Name => "recorder";

        public Tensor Logits(Tensor images, Batch batch)
        {
            float[] pixels = ModelTensors.ToArray(images);
            int length = pixels.Length / batch.Count;
            float[] logits = new float[batch.Count * 10];
            for (int i = 0; i < batch.Count; i++)
            {
                float[] image = pixels[(i * length)..((i + 1) * length)];
                asked.Add(image);
                logits[i * 10] = image.Sum();
            }

            return torch.tensor(logits).view(batch.Count, 10);
        }
    }

    [Theory]
    [InlineData(10, 4)]
    [InlineData(20_000_000, 2)]
    public void RowsAreReadAsTheyWereWritten(long rows, int width)
    {
        using var folder = new TempFolder();
        RowStore store = RowStore.For(rows, width, folder.Path)!;
        float[] row = new float[width];
        foreach (long at in (long[])[0, 1, rows - 1])
        {
            store.Write(at, [.. Enumerable.Range(0, width).Select(c => (float)(at + c))]);
        }

        foreach (long at in (long[])[rows - 1, 1, 0])
        {
            store.Read(at, row);
            Assert.Equal(Enumerable.Range(0, width).Select(c => (float)(at + c)), row);
        }
    }

    [Fact]
    public void RateWarmsUpAndFallsAsACosine()
    {
        var rate = new LearningRate(1, 10, 110);
        Assert.Equal(0.1, rate.At(0), 1e-12);
        Assert.Equal(1, rate.At(9), 1e-12);
        Assert.Equal(1, rate.At(10), 1e-12);
        Assert.Equal(0.5, rate.At(60), 1e-12);
        Assert.Equal(1e-4, rate.At(110), 1e-12);
        Assert.True(Enumerable.Range(10, 99).All(s => rate.At(s + 1) <= rate.At(s)));
    }

    [Fact]
    public void SettingsOutOfRangeAreNamed()
    {
        var error = Assert.Throws<ConvertException>(() => new TrainSettings { Steps = 0, BatchSize = 1, LearningRate = double.NaN }.Validate("student"));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.Contains("student.steps is 0, expected 1 to 100000000", error.Message, StringComparison.Ordinal);
        Assert.Contains("student.batch is 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("student.learningRate is NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnImageAndItsMirrorImageAreTaughtTheMeanOfBothAnswers()
    {
        PixelSource source = DataTests.Shapes(20);
        var teacher = new ColumnTeacher();
        using var both = new MirroredTeacher(teacher);
        CachedTeacher cached = CachedTeacher.Ask(both, source, [3, 5, 7], torch.CPU, new SilentProgress(), default);
        int calls = teacher.Calls;
        Batch plain = BatchLoader.InOrder(source, [5, 3], 2).Single();
        Batch mirror = plain with { Mirrored = [true, true] };
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = plain.ToTensor(source, torch.CPU);
        Tensor flipped = images.flip(3);
        float[] expected = ModelTensors.ToArray((images.flatten(1).narrow(1, 0, 10).softmax(1) + flipped.flatten(1).narrow(1, 0, 10).softmax(1)) / 2);
        Assert.NotEqual(expected, ModelTensors.ToArray(teacher.Logits(images, plain).softmax(1)), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(expected, ModelTensors.ToArray(cached.Logits(images, plain).softmax(1)), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(expected, ModelTensors.ToArray(cached.Logits(flipped, mirror).softmax(1)), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(expected, ModelTensors.ToArray(both.Logits(flipped, mirror).softmax(1)), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(calls + 3, teacher.Calls);
    }

    [Fact]
    public void SimilaritiesOfTheBatchAreLearnt()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        // Two images: alike to the student (rows 1,1 / 1,1), strangers to the teacher (1,0 / 0,1): each row is 2 - sqrt 2 away.
        Tensor student = torch.tensor(new float[,] { { 2, 0 }, { 2, 0 } });
        Tensor teacher = torch.tensor(new float[,] { { 1, 0, 0 }, { 0, 0, 3 } });
        Assert.Equal(2 - Math.Sqrt(2), SimilarityLoss.Of(student, teacher).item<float>(), 1e-6);
        // What only turns or scales the features costs nothing.
        Tensor a = torch.randn(5, 4);
        Assert.Equal(0, SimilarityLoss.Of(a, torch.stack([a[TensorIndex.Colon, 2], a[TensorIndex.Colon, 0], -a[TensorIndex.Colon, 3], a[TensorIndex.Colon, 1]], 1) * 3).item<float>(), 1e-6);
    }

    [Fact]
    public void FeaturesAreAskedOfTheTeacherAndAddedByTheirWeight()
    {
        PixelSource source = DataTests.Shapes(8);
        torch.manual_seed(3);
        using var student = new ResNet(10, 4);
        using var network = new ConvNet(10, 4);
        network.Whiten(source, [0, 1, 2, 3]);
        var teacher = new MirroredTeacher(new ModuleTeacher("net", network));
        CachedTeacher cached = CachedTeacher.Ask(teacher, source, [.. Enumerable.Range(0, 8)], torch.CPU, new SilentProgress(), default, features: true);
        Batch batch = BatchLoader.InOrder(source, [4, 1, 6], 3).Single();
        student.eval();
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = batch.ToTensor(source, torch.CPU), labels = torch.tensor(batch.Labels);
        var task = new DistillTask(student, teacher);
        float plain = task.Loss(images, labels, batch).item<float>();
        float features = SimilarityLoss.Of(student.WithFeatures(images).Features, teacher.WithFeatures(images, batch).Features!).item<float>();
        Assert.True(features > 0.01f);
        Assert.Equal(plain + (3 * features), (task with { FeatureWeight = 3 }).Loss(images, labels, batch).item<float>(), 1e-4);
        Assert.Equal(plain + (3 * features), (task with { FeatureWeight = 3, Teacher = cached }).Loss(images, labels, batch).item<float>(), 1e-2);
        Assert.Throws<InvalidOperationException>(() => (task with { FeatureWeight = 3, Teacher = new ColumnTeacher() }).Loss(images, labels, batch));
        var error = Assert.Throws<ConvertException>(() => TeacherList.Require(new ConvertOptions { Data = "shapes", Out = "x", Teacher = "none", FeatureWeight = 1 }));
        Assert.Contains("shows no features", error.Message, StringComparison.Ordinal);
    }

    private static Batch Plain(int count) => new(0, new int[count], [], new long[count], new bool[count]);

    private static double[] LogSoftmax(double[] logits, double temperature)
    {
        double sum = logits.Sum(v => Math.Exp(v / temperature));
        return [.. logits.Select(v => (v / temperature) - Math.Log(sum))];
    }

    private static Tensor ToTensor(double[][] rows) => torch.tensor([.. rows.SelectMany(r => r).Select(v => (float)v)]).view(rows.Length, -1);

    /// <summary>Its logits are the first ten pixels: they tell an image from its mirror.</summary>
    private sealed class ColumnTeacher : ITeacher
    {
        public string Name => "column";

        public int Calls { get; private set; }

        public Tensor Logits(Tensor images, Batch batch)
        {
            Calls++;
            return images.flatten(1).narrow(1, 0, 10).clone();
        }
    }
}
