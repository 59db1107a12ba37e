using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A float convolution with norm and RPReLU between the image and the patches, its grid that of its input divided by the stride.</summary>
/// <param name="Kernel">Rows and columns of a window, odd.</param>
/// <param name="Stride">Tokens from window to window.</param>
/// <param name="Width">Channels that it makes; 0 for one that is depthwise.</param>
/// <param name="Depthwise">Whether it convolves each channel by itself, and makes as many.</param>
internal sealed record StemLayer(int Kernel, int Stride, int Width = 0, bool Depthwise = false)
{
    /// <summary>The most layers of a stem.</summary>
    public const int MostLayers = 8;

    private const int MostKernel = 7;
    private const int MostStride = 4;
    private const int MostWidth = 4096;

    /// <summary>Its windows.</summary>
    [JsonIgnore]
    public ConvWindow Window => new(Kernel, Stride, (Kernel - 1) / 2, Dilation: 1);

    /// <summary>Channels that it makes of these.</summary>
    public int Outputs(int inputs) => Depthwise ? inputs : Width;

    /// <summary>What a layer's tensors and values are called.</summary>
    public static string Name(int index) => index == 0 ? "vit.embeddings.stem" : $"vit.embeddings.stem{index + 1}";

    /// <summary>Why it cannot be built.</summary>
    internal IEnumerable<string> Faults(int index)
    {
        string where = $"stem layer {index + 1}";
        if (Kernel is < 1 or > MostKernel || Kernel % 2 == 0)
        {
            yield return $"kernel {Kernel} of {where}, 1, 3, 5 or {MostKernel} are possible";
        }

        if (Stride is < 1 or > MostStride)
        {
            yield return $"stride {Stride} of {where}, 1 to {MostStride} are possible";
        }

        if (!Depthwise && Width is < 1 or > MostWidth)
        {
            yield return $"width {Width} of {where}, 1 to {MostWidth} are possible, or depthwise true";
        }

        if (Depthwise && Width != 0)
        {
            yield return $"width {Width} of {where}, but a depthwise layer has as many channels as it is given: leave one of the two keys out";
        }

        if (Depthwise && index == 0)
        {
            yield return $"depthwise of {where}, which sees the image: let the first layer make channels";
        }
    }
}
