namespace EdgeVit.Export;

/// <summary>What most networks for photographs subtract from red, green, blue of pixels in 0..1, and divide them by: means and deviations of ImageNet.</summary>
internal static class PhotographPixels
{
    internal static readonly float[] Mean = [0.485f, 0.456f, 0.406f];

    internal static readonly float[] Std = [0.229f, 0.224f, 0.225f];
}
