namespace EdgeVit.Export;

/// <summary>A network that was recognised.</summary>
/// <param name="Config">Its configuration: a <see cref="BinaryViTConfig"/> or a <see cref="FloatViTConfig"/>.</param>
/// <param name="Variant">What it is called, such as <c>BinaryViT</c> or <c>ReActNet-DeiT (baseline, with a class token)</c>.</param>
/// <param name="Assumed">What the tensors do not show and a rule decided, in sentences.</param>
internal sealed record RecognisedNetwork(INetworkConfig Config, string Variant, IReadOnlyList<string> Assumed)
{
    /// <summary>What a float network's tensors are called.</summary>
    internal ViTNames? Names { get; init; }
}
