using EdgeVit.Runtime;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Gives images the normalisation that another network learnt from: <c>(x std + mean - its mean) / its std</c>, where x std + mean is the pixel in 0..1.</summary>
internal sealed class Renormalisation
{
    private readonly float[] _scale, _shift;

    /// <summary>From the images' normalisation to the network's.</summary>
    internal Renormalisation(Preprocess images, IReadOnlyList<float> mean, IReadOnlyList<float> std)
    {
        _scale = [.. std.Select((s, c) => images.Std[c] / s)];
        _shift = [.. std.Select((s, c) => (images.Mean[c] - mean[c]) / s)];
    }

    /// <summary>Images <c>[B, 3, H, W]</c>, normalised again.</summary>
    internal Tensor Of(Tensor images)
    {
        if (_scale.All(static s => s == 1) && _shift.All(static s => s == 0))
        {
            return images;
        }

        Tensor PerChannel(float[] values) => torch.tensor(values).view(1, 3, 1, 1).to(images.device);
        return (images * PerChannel(_scale)).add(PerChannel(_shift), One);
    }
}
