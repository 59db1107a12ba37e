namespace EdgeVit.Export;

/// <summary>From a trained BinaryViT to the graph: batch norms and scales are folded, weights become signs, what is known to do nothing is
/// left out (branches whose scale and shift are zero, the tiling of an FFN that does not widen).</summary>
/// <remarks>
/// <para>Folding is done in double precision and rounded to float once. The values of the graph carry the names under which the float
/// simulator reports the same quantities, so that the parity check can lay them side by side.</para>
/// <para>A binary linear's weight bit is <c>w >= mean of its row</c>. A simulator sums that mean in an order of its own, which can move it by
/// a rounding error, and a weight that lies in between would get the other sign. So the simulator may say which mean it uses, in an
/// optional tensor <c>{linear}.row_mean</c> of shape <c>[rows]</c>; the comparison with it is exact. Without one the mean is summed in
/// double precision and rounded to float.</para>
/// </remarks>
internal static class Lowering
{
    public const string InputName = "image";

    public const string OutputName = "logits";

    /// <summary>Lowers a network that was recognised from these tensors.</summary>
    /// <exception cref="ModelFormatException">The tensors do not fit it; the message lists everything.</exception>
    public static LoweredModel Lower(RecognisedNetwork network, IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        return network.Config switch
        {
            BinaryViTConfig binary => Lower(binary, tensors),
            FloatViTConfig vit => FloatViTLowering.Lower(vit, network.Names ?? ViTNames.HuggingFace, tensors),
            _ => throw new ModelFormatException($"The network '{network.Config.Name}' is of a kind that has no lowering."),
        };
    }

    /// <summary>Lowers a trained network; counters (<c>num_batches_tracked</c>) may be among its tensors.</summary>
    /// <exception cref="ModelFormatException">The configuration is impossible or the tensors do not fit it.</exception>
    public static LoweredModel Lower(BinaryViTConfig config, IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        config.Validate();
        new TensorManifest(config).Check(tensors, config.Name);
        return new BinaryViTLowering(config, tensors).Run();
    }
}
