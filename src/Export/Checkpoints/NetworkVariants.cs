namespace EdgeVit.Export;

/// <summary>Which member of the family a set of tensors is, by the tensors that only one has.</summary>
internal static class NetworkVariants
{
    /// <summary>The variants that have a name, see <see cref="Name"/>.</summary>
    public const string Pyramid = "BinaryViT";

    /// <summary>The pyramid with float convolutions between the stages.</summary>
    public const string FloatDownsampling = "BinaryViT* (float down-sampling)";

    /// <summary>What the network is called, or null for none that is known.</summary>
    public static string? Name(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        bool cls = Any(tensors, "cls_token");
        if (!Any(tensors, ".moveq"))
            return FloatName(tensors);
        string norm = Any(tensors, "layernorm_before.running_mean") || Any(tensors, "normq.running_mean") ? "" : " with LayerNorm in place of batch norm";
        bool branches3 = Any(tensors, "layerscale_w3.alpha") || Any(tensors, "layerscale_h3.alpha");
        bool branches5 = Any(tensors, "layerscale_w5.alpha") || Any(tensors, "layerscale_h5.alpha");
        bool scale = Any(tensors, ".output.layerscale.alpha");
        if (!Any(tensors, "vit.embeddings.norm.") && !Any(tensors, ".patch_embed1.") && !Any(tensors, ".mover"))
        {
            string step = cls ? "baseline, with a class token"
                : branches3 || branches5 ? (scale ? "with average pooling, branches and layer scale" : "with average pooling and branches")
                : scale ? "with average pooling and layer scale" : "with average pooling";
            return $"ReActNet-DeiT ({step}){norm}";
        }
        string name = Any(tensors, ".patch_embed1.") && !Any(tensors, ".patch_embed1.rprelu.") && !Any(tensors, ".patch_embed1.move") ? FloatDownsampling : Pyramid;
        string without = scale ? "" : " without layer scale";
        string half = branches3 == branches5 ? "" : branches3 ? " with 3-wide branches only" : " with 5-wide branches only";
        return name + without + half + (cls ? " with a class token" : "") + norm;
    }

    private static string? FloatName(IReadOnlyDictionary<string, FloatTensor> tensors) =>
        Any(tensors, ".attention.attention.query.weight") ? "float DeiT/ViT (Hugging Face names)"
        : Any(tensors, "blocks.0.attn.qkv.weight") ? "float DeiT/ViT (timm names)"
        : null;

    private static bool Any(IReadOnlyDictionary<string, FloatTensor> tensors, string part) =>
        tensors.Keys.Any(name => name.Contains(part, StringComparison.Ordinal));
}
