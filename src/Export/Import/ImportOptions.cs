using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What a person knows about a checkpoint that its tensors do not show. Everything is optional; what is not given gets a default that
/// <see cref="ImportedCheckpoint.Notes"/> names.</summary>
/// <param name="Network">About the network.</param>
/// <param name="Key">Where in a PyTorch file the weights lie, when it holds several sets of them (<c>model_ema</c>).</param>
/// <param name="Labels">Class names, as many as logits.</param>
/// <param name="ResizeShorterSide">Length of the shorter side before the centre crop, pixels.</param>
/// <param name="Interpolation">Filter of the resize.</param>
/// <param name="Mean">Means of R, G, B that were subtracted, of pixels in 0..1.</param>
/// <param name="Std">Standard deviations of R, G, B.</param>
/// <param name="Prefix">What stands before the names of the network's tensors (<c>backbone.</c>); null to find it.</param>
public sealed record ImportOptions(
    RecogniserOptions? Network = null,
    string? Key = null,
    IReadOnlyList<string>? Labels = null,
    int? ResizeShorterSide = null,
    Interpolation? Interpolation = null,
    IReadOnlyList<float>? Mean = null,
    IReadOnlyList<float>? Std = null,
    string? Prefix = null);
