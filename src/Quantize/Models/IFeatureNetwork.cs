using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A classifier that shows what its last layer sees.</summary>
internal interface IFeatureNetwork
{
    /// <summary>Normalised images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c> and the features <c>[B, F]</c> that they come from.</summary>
    (Tensor Logits, Tensor Features) WithFeatures(Tensor images);
}
