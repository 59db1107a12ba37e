using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>What the spread of a few runs allows each element.</summary>
public class RoundingSpreadTests
{
    private const int Tokens = 6;
    private const int Channels = 10;

    private static readonly ValueShape s_shape = new(ValueKind.Tokens, Channels, Tokens, 1);

    public static MatrixTheoryData<int, float> NoNumbers => new([0, 23, 59], [float.NaN, float.PositiveInfinity, float.NegativeInfinity]);

    /// <summary>What is no number is found wherever it is, beside differences of any size, in either of both.</summary>
    [Theory]
    [MemberData(nameof(NoNumbers))]
    public void WhatIsNoNumberIsFound(int at, float number)
    {
        RoundingSpread spread = Even(1e-6);
        float[] sound = new float[s_shape.Elements], wrong = new float[s_shape.Elements];
        wrong[^1] = wrong[0] = 7;
        wrong[at] = number;
        Assert.Equal(at, spread.Beyond(wrong, sound));
        Assert.Equal(at, spread.Beyond(sound, wrong));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void ASpreadWithoutEndExcusesNothing(double moved)
    {
        double[] all = [.. Enumerable.Repeat(1e-6, Tokens * Channels)];
        all[17] = moved;
        Assert.Equal(17, Of(all).Beyond(new float[all.Length], new float[all.Length]));
        Assert.False(double.IsFinite(Of(all).Largest));
    }

    /// <summary>Not the first but the worst, for what it may differ by, is named.</summary>
    [Fact]
    public void TheWorstIsNamed()
    {
        var wrong = new float[s_shape.Elements];
        (wrong[3], wrong[31], wrong[44]) = (4e-6f, 9e-6f, 5e-6f);
        Assert.Equal(31, Even(1e-6).Beyond(wrong, new float[wrong.Length]));
        Assert.Null(Even(4e-6).Beyond(wrong, new float[wrong.Length]));
    }

    /// <summary>Channels or tokens that rounding moves by much more leave the others what they may.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnOutlierExcusesNoOther(bool channel)
    {
        double[] moved = [.. Enumerable.Range(0, Tokens * Channels).Select(i => (channel ? i % Channels : i / Channels) == 2 ? 1.0 : 1e-6)];
        RoundingSpread spread = Of(moved);
        Assert.All(Enumerable.Range(0, moved.Length), i => Assert.Equal(RoundingSpread.Margin * moved[i], spread.Allowed(i)));
    }

    /// <summary>An element that the runs happen not to move may differ as its neighbours may.</summary>
    [Fact]
    public void AnElementThatHappensNotToMoveIsOneOfItsNeighbours()
    {
        double[] moved = [.. Enumerable.Repeat(1e-6, Tokens * Channels)];
        moved[12] = 0;
        Assert.Equal(RoundingSpread.Margin * 1e-6, Of(moved).Allowed(12));
    }

    private static RoundingSpread Even(double moved) => Of([.. Enumerable.Repeat(moved, Tokens * Channels)]);

    private static RoundingSpread Of(double[] moved) => new(s_shape, moved, new double[moved.Length]);
}
