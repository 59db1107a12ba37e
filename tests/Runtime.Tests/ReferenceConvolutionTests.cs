using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>The reference's convolution on an image of nine different pixels, worked out by hand.</summary>
public class ReferenceConvolutionTests
{
    // 1 2 3
    // 4 5 6
    // 7 8 9
    private static readonly float[] s_image = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    /// <summary>Only the upper left weight is not 0: every pixel shows its upper left neighbour, beyond the border nothing.</summary>
    [Fact]
    public void PaddingStandsBeforeTheFirstRowAndColumn() =>
        Assert.Equal([10, 10, 10, 10, 11, 12, 10, 14, 15], Convolve([1, 0, 0, 0, 0, 0, 0, 0, 0], kernel: 3, stride: 1, padding: 1, side: 3, bias: 10));

    /// <summary>The weight of the lower middle shows the neighbour below, that of the right middle the one to the right.</summary>
    [Fact]
    public void RowsAndColumnsOfAKernelAreThoseOfTheImage()
    {
        Assert.Equal([4, 5, 6, 7, 8, 9, 0, 0, 0], Convolve([0, 0, 0, 0, 0, 0, 0, 1, 0], kernel: 3, stride: 1, padding: 1, side: 3));
        Assert.Equal([2, 3, 0, 5, 6, 0, 8, 9, 0], Convolve([0, 0, 0, 0, 0, 1, 0, 0, 0], kernel: 3, stride: 1, padding: 1, side: 3));
        Assert.Equal([12, 16, 24, 28], Convolve([1, 1, 1, 1], kernel: 2, stride: 1, padding: 0, side: 2));
    }

    [Fact]
    public void AStrideLeavesPixelsOut()
    {
        // With padding 1: the sums around the corners 1, 3, 7, 9.
        Assert.Equal([12, 16, 24, 28], Convolve([1, 1, 1, 1, 1, 1, 1, 1, 1], kernel: 3, stride: 2, padding: 1, side: 2));
        Assert.Equal([1, 3, 7, 9], Convolve([1], kernel: 1, stride: 2, padding: 0, side: 2));
    }

    private static float[] Convolve(float[] weight, int kernel, int stride, int padding, int side, float bias = 0)
    {
        var found = new float[side * side];
        ReferenceArithmetic.Conv2d(Value.Image(s_image, 1, 3, 3), weight, bias == 0 ? null : [bias], kernel, stride, padding, new ValueShape(ValueKind.Tokens, 1, side, side), found);
        // Tokens or an image: the same pixels.
        var tokens = new float[side * side];
        ReferenceArithmetic.Conv2d(Value.Tokens(s_image, 1, 3, 3), weight, [bias], kernel, stride, padding, new ValueShape(ValueKind.Tokens, 1, side, side), tokens);
        Assert.Equal(found, tokens);
        return found;
    }
}
