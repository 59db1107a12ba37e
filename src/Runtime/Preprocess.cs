namespace EdgeVit.Runtime;

/// <summary>How a resize weighs its neighbours. Both widen with the scale when shrinking (antialias).</summary>
public enum Interpolation
{
    /// <summary>Triangle filter of support 1.</summary>
    Bilinear,

    /// <summary>Keys' cubic with a = -0.5, support 2.</summary>
    Bicubic,
}

/// <summary>The way from a decoded RGB image to the network's input, stored in the model as <c>edgevit.preprocess</c> and used by training
/// and by the device alike: resize so that the shorter side is <see cref="ResizeShorterSide"/>, centre crop to <see cref="Height"/> x
/// <see cref="Width"/>, then per channel <c>(pixel / 255 - mean) / std</c>.</summary>
/// <param name="Height">Rows of the network's input, pixels.</param>
/// <param name="Width">Columns of the network's input, pixels.</param>
/// <param name="ResizeShorterSide">Length of the shorter side after the resize, pixels; at least max(Height, Width).</param>
/// <param name="Interpolation">Filter of the resize.</param>
/// <param name="Mean">Three means (R, G, B), of pixels in 0..1.</param>
/// <param name="Std">Three standard deviations (R, G, B), of pixels in 0..1; positive.</param>
public sealed record Preprocess(
    int Height,
    int Width,
    int ResizeShorterSide,
    Interpolation Interpolation,
    IReadOnlyList<float> Mean,
    IReadOnlyList<float> Std);
