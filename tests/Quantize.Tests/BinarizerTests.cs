using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The binarizers against values worked out by hand.</summary>
public class BinarizerTests
{
    [Fact]
    public void ActivationSignAndItsSurrogate()
    {
        Tensor x = Values([-2f, -0.5f, 0f, 0.25f, 1f, 3f], 6, 1).requires_grad_();
        Tensor shift = Values([0f], 1).requires_grad_();
        Tensor y = ShiftSign.Apply(x, shift);
        Equal([-1, -1, 1, 1, 1, 1], y);
        y.backward([Values([1f, 1, 1, 2, 1, 1], 6, 1)]);
        Equal([0, 1, 2, 3, 0, 0], x.grad!);
        Equal([6], shift.grad!);
    }

    [Fact]
    public void ActivationSignShiftsFirst()
    {
        Tensor y = ShiftSign.Apply(Values([0.3f, 0.3f], 1, 2), Values([-0.5f, -0.3f], 2));
        Equal([-1, 1], y);
    }

    [Fact]
    public void WeightSignIsCentredAndScaledByTheUncentredMagnitude()
    {
        // Row 0: mean 0.5, centred -0.5, 1.5, -1, 0; mean magnitude 0.75. Row 1: mean 0.
        Tensor w = Values([0f, 2f, -0.5f, 0.5f, 0.25f, -0.25f, 0.75f, -0.75f], 2, 4).requires_grad_();
        Tensor y = WeightSign.Linear(w);
        Equal([-0.75f, 0.75f, -0.75f, 0.75f, 0.5f, -0.5f, 0.5f, -0.5f], y);
        y.backward([Values([4f, 8f, 0f, 0f, 1f, 2f, 3f, 6f], 2, 4)]);
        // Row 0: 8 is stopped because |2 - 0.5| > 1; the rest 4, 0, 0, 0 has mean 1. Row 1: mean 3.
        Equal([3, -1, -1, -1, -2, -1, 0, 3], w.grad!);
    }

    [Fact]
    public void WeightOfAConvolutionIsNotCentred()
    {
        Tensor w = Values([0f, 2f, -0.5f, 0.5f], 1, 4).requires_grad_();
        Tensor y = WeightSign.Convolution(w);
        Equal([0.75f, 0.75f, -0.75f, 0.75f], y);
        y.backward([Values([4f, 8f, 1f, 2f], 1, 4)]);
        Equal([4, 0, 1, 2], w.grad!);
    }

    [Fact]
    public void AttentionBitsAndTheGradientOfClip()
    {
        // q = p / clip: 0.25, 0.5 (exactly a half: 0), 0.75, 2 with clip 0.5.
        Tensor p = Values([0.125f, 0.25f, 0.375f, 1f], 1, 1, 1, 4).requires_grad_();
        Tensor clip = Values([0.5f], 1).requires_grad_();
        Tensor y = AttentionBits.Apply(p, clip);
        Equal([0, 0, 0.5f, 0.5f], y);
        y.backward([Values([1f, 2f, 4f, 8f], 1, 1, 1, 4)]);
        Equal([1, 2, 4, 0], p.grad!);
        // -0.25 * 1 - 0.5 * 2 + 0.25 * 4 + 1 * 8
        Equal([7.75f], clip.grad!);
    }

    [Fact]
    public void AttentionOfThreeLevelsAndTheGradientOfClip()
    {
        // q = p / clip: 0.25, 0.5 (a half, rounded down: 0), 1.25, 1.5 (1), 1.75, 2.5 (2), 2.75, 3, 4 with clip 0.5.
        Tensor p = Values([0.125f, 0.25f, 0.625f, 0.75f, 0.875f, 1.25f, 1.375f, 1.5f, 2f], 1, 1, 1, 9).requires_grad_();
        Tensor clip = Values([0.5f], 1).requires_grad_();
        Tensor y = AttentionBits.Apply(p, clip, 3);
        Equal([0, 0, 0.5f, 0.5f, 1, 1, 1.5f, 1.5f, 1.5f], y);
        y.backward([Values([1f, 2f, 4f, 8f, 16f, 32f, 64f, 128f, 256f], 1, 1, 1, 9)]);
        Equal([1, 2, 4, 8, 16, 32, 64, 128, 0], p.grad!);
        // -0.25 * 1 - 0.5 * 2 - 0.25 * 4 - 0.5 * 8 + 0.25 * 16 - 0.5 * 32 + 0.25 * 64 + 0 * 128 + 3 * 256
        Equal([765.75f], clip.grad!);
    }

    [Fact]
    public void AttentionBitsHaveAClipPerHead()
    {
        Tensor p = Values([0.3f, 0.3f], 1, 2, 1, 1);
        Equal([0.5f, 0], AttentionBits.Apply(p, Values([0.5f, 0.7f], 2)));
    }

    [Fact]
    public void RPReLUAndItsGradients()
    {
        Tensor x = Values([1f, -2f], 1, 2).requires_grad_();
        Tensor shortcut = Values([0.5f, 0.5f], 1, 2).requires_grad_();
        Tensor move1 = Values([0.25f, 0.5f], 2).requires_grad_();
        Tensor slope = Values([0.25f, 0.5f], 2).requires_grad_();
        Tensor move2 = Values([10f, 20f], 2).requires_grad_();
        Tensor y = RPReLUFunction.Apply(x, new Shortcut(shortcut), move1, slope, move2);
        Equal([11.25f, 19f], y);
        y.backward([Values([1f, 4f], 1, 2)]);
        Equal([1, 2], x.grad!);
        Equal([1, 2], shortcut.grad!);
        Equal([-1, -2], move1.grad!);
        Equal([0, -8], slope.grad!);
        Equal([1, 4], move2.grad!);
    }

    [Fact]
    public void ShortcutsTileAndAverageAdjacentChannels()
    {
        Tensor x = Values([1f, 2f, 3f, 5f], 1, 4);
        Equal([1, 2, 3, 5, 1, 2, 3, 5], new Shortcut(x, ShortcutKind.Tile, 2).Expanded());
        Equal([1.5f, 4f], new Shortcut(x, ShortcutKind.GroupMean, 2).Expanded());

        Tensor wide = Values([0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f], 1, 8);
        Tensor source = Values([1f, 2f, 3f, 5f], 1, 4).requires_grad_();
        Tensor zeros = torch.zeros(8);
        Tensor y = RPReLUFunction.Apply(wide, new Shortcut(source, ShortcutKind.Tile, 2), zeros, zeros, zeros);
        Equal([1, 2, 3, 5, 1, 2, 3, 5], y);
        y.backward([Values([1f, 2f, 3f, 4f, 10f, 20f, 30f, 40f], 1, 8)]);
        Equal([11, 22, 33, 44], source.grad!);
    }

    internal static Tensor Values(float[] values, params long[] shape) => torch.tensor(values).view(shape).clone();

    internal static void Equal(float[] expected, Tensor actual)
    {
        float[] values = ModelTensors.ToArray(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - values[i]) < 1e-5, $"element {i}: expected {expected[i]}, found {values[i]}");
        }
    }
}
