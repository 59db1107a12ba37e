namespace EdgeVit.Export;

/// <summary>What a person knows about a network that its tensors do not show. Everything is optional.</summary>
/// <param name="Name">Name of the network; by default that of the preset that it equals, else <c>binaryvit</c>.</param>
/// <param name="HeadSize">Channels of one attention head, the same in all stages; see <see cref="NetworkRecogniser"/>.</param>
/// <param name="Reductions">The reduction of keys and values, one for each stage.</param>
/// <param name="ImageSize">Height and width of the image in pixels, when the position embeddings are not to decide.</param>
/// <param name="NormEps">Added to the variance in norms; by default what the library or the paper's code uses.</param>
public sealed record RecogniserOptions(
    string? Name = null, int? HeadSize = null, IReadOnlyList<int>? Reductions = null, int? ImageSize = null, double? NormEps = null);
