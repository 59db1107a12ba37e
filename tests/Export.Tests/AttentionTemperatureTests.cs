namespace EdgeVit.Export.Tests;

/// <summary>Temperatures of attention, and how many keys a query has.</summary>
public class AttentionTemperatureTests
{
    /// <summary>16 / sqrt(d), but never below 1.25.</summary>
    [Theory]
    [InlineData(16, 4)]
    [InlineData(64, 2)]
    [InlineData(163, 1.2532)]
    [InlineData(164, 1.25)]
    [InlineData(1024, 1.25)]
    public void TheHighestTemperatureDependsOnTheHeads(int headSize, double most)
    {
        Assert.Equal(most, AttentionTemperature.Most(headSize), 1e-4);
        Assert.Equal(most / 2, AttentionTemperature.Of(0, headSize), 1e-4);
        Assert.Equal(most, AttentionTemperature.Of(100, headSize), 1e-4);
        Assert.Equal(0, AttentionTemperature.Of(-100, headSize), 1e-4);
        Assert.Equal(1, AttentionTemperature.Of(AttentionTemperature.Start(headSize), headSize), 1e-12);
    }

    [Fact]
    public void KeysAreTheTokensOfTheReducedGrid()
    {
        var config = new BinaryViTConfig("keys", ImageSize: 32, PatchSize: 2, [new StageConfig(2, 32, 64, 1, 4), new StageConfig(1, 64, 64, 1, 1)], Classes: 4) { ClassAttention = 1, Locality = true };
        Assert.Equal([16, 8], [config.Grid(0), config.Grid(1)]);
        Assert.Equal([256, 64], [config.Tokens(0), config.Tokens(1)]);
        // The class token's keys: all tokens of the last stage and itself.
        Assert.Equal([16, 64, 65], [config.Keys(0), config.Keys(1), config.Keys(2)]);
        Assert.Equal([false, true, false], [config.MasksDiagonal(0), config.MasksDiagonal(1), config.MasksDiagonal(2)]);
        Assert.Equal([0, 0, 1], [config.StageOf(0), config.StageOf(1), config.StageOf(2)]);
        Assert.Equal(3, config.Layers);
    }
}
