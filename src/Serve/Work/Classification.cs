using EdgeVit.Runtime;

namespace EdgeVit.Serve;

/// <summary>What a worker found in an image. Times are in milliseconds.</summary>
/// <param name="Top">The most probable classes.</param>
/// <param name="QueueMs">From the whole image to a worker.</param>
/// <param name="DecodeMs">Decoding.</param>
/// <param name="PreprocessMs">Resizing and cropping.</param>
/// <param name="InferenceMs">Running the network.</param>
/// <param name="Warning">What is odd about the image; null for most.</param>
internal sealed record Classification(IReadOnlyList<Prediction> Top, double QueueMs, double DecodeMs, double PreprocessMs, double InferenceMs, string? Warning);
