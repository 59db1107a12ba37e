using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>From logits to the classes that are printed.</summary>
public class PredictionTests
{
    [Fact]
    public void ProbabilitiesAreTheSoftmax()
    {
        // exp of the logits: 1, 3, 4.
        IReadOnlyList<Prediction> top = Prediction.Top([0, MathF.Log(3), MathF.Log(4)], ["a", "b", "c"], 3);
        Assert.Equal(["c", "b", "a"], top.Select(p => p.Label));
        Assert.Equal([2, 1, 0], top.Select(p => p.Index));
        Assert.Equal(0.5, top[0].Probability, 1e-7);
        Assert.Equal(0.375, top[1].Probability, 1e-7);
        Assert.Equal(0.125, top[2].Probability, 1e-7);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(1000)]
    public void ProbabilitiesOfAllClassesAddUpToOne(int classes)
    {
        var random = new Random(classes);
        float[] logits = [.. Enumerable.Range(0, classes).Select(_ => (random.NextSingle() * 40) - 20)];
        string[] labels = [.. Enumerable.Range(0, classes).Select(i => $"class {i}")];
        IReadOnlyList<Prediction> all = Prediction.Top(logits, labels, classes);
        Assert.Equal(1, all.Sum(p => p.Probability), 1e-9);
        // Of all classes: those that are not asked for keep their share.
        double sum = logits.Sum(v => Math.Exp(v));
        Prediction best = Assert.Single(Prediction.Top(logits, labels, 1));
        Assert.Equal(Math.Exp(logits.Max()) / sum, best.Probability, 1e-9);
        Assert.Equal((Array.IndexOf(logits, logits.Max()), $"class {Array.IndexOf(logits, logits.Max())}"), (best.Index, best.Label));
    }

    [Theory]
    [InlineData(1000f)]
    [InlineData(-1000f)]
    [InlineData(1e30f)]
    public void LargeLogitsDoNotOverflow(float level)
    {
        IReadOnlyList<Prediction> top = Prediction.Top([level, level], ["a", "b"], 2);
        Assert.Equal([0.5, 0.5], top.Select(p => p.Probability));
        Assert.Equal(1, Prediction.Top([level, 0.5f * level], ["a", "b"], 1)[0].Probability, 1e-12);
    }

    [Fact]
    public void EqualLogitsKeepTheOrderOfTheClasses()
    {
        float[] logits = [2, 5, -0f, 5, 0, 1];
        Assert.Equal([1, 3, 0, 5, 2, 4], Prediction.Top(logits, ["a", "b", "c", "d", "e", "f"], 6).Select(p => p.Index));
        Assert.Equal([2, 0, 4, 1, 5, 3], Enumerable.Range(0, 6).Select(i => Prediction.Rank(logits, i)));
        Assert.Equal([1, 3], Prediction.Top(logits, ["a", "b", "c", "d", "e", "f"], 2).Select(p => p.Index));
    }
}
