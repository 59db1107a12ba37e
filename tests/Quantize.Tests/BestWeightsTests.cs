using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Which state of a network is packed.</summary>
public class BestWeightsTests
{
    [Theory]
    [InlineData(new[] { 50.0, 70, 60 }, 1)]
    [InlineData(new[] { 70.0, 60, 50 }, 0)]
    [InlineData(new[] { 50.0, 60, 70 }, 2)]
    [InlineData(new[] { 60.0, 60, 60 }, 0)]
    [InlineData(new[] { 0.0 }, 0)]
    public void TheBestIsKeptWhereverItStands(double[] accuracies, int expected)
    {
        using Linear model = nn.Linear(2, 1);
        using var best = new BestWeights(model);
        for (int i = 0; i < accuracies.Length; i++)
        {
            Fill(model, i);
            best.Consider($"state {i}", accuracies[i]);
        }

        Fill(model, 99);
        best.Restore();
        Assert.Equal([expected, expected], ModelTensors.ToArray(model.weight));
        Assert.Equal([expected], ModelTensors.ToArray(model.bias!));
        Assert.Equal((accuracies[expected], $"state {expected}"), (best.Top1, best.Name));
    }

    private static void Fill(Linear model, float value)
    {
        using IDisposable frozen = torch.no_grad();
        model.weight.fill_(value);
        model.bias!.fill_(value);
    }
}
