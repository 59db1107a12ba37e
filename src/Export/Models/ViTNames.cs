namespace EdgeVit.Export;

/// <summary>What the tensors of a float vision transformer are called in one library. A module has <c>.weight</c> and <c>.bias</c>. <c>Block</c>
/// has <c>{0}</c> for the index; names from <c>NormBefore</c> to <c>ScaleFfn</c> are within a block. <c>Qkv</c> is one name where query, key and
/// value are one tensor. <c>Wide</c> leads into the hidden layer of the FFN, <c>Narrow</c> out of it. <c>PreNorm</c> is the norm before the first block, <c>PooledNorm</c> the norm behind a mean
/// over tokens, in place of the final one. A name is empty where the library has no such tensor.</summary>
internal sealed record ViTNames(
    string Library,
    string ClassToken,
    string DistillationToken,
    string Positions,
    string Patches,
    string Block,
    string NormBefore,
    IReadOnlyList<string> Qkv,
    string Projection,
    string ScaleAttention,
    string NormAfter,
    string Wide,
    string Narrow,
    string ScaleFfn,
    string Norm,
    string PooledNorm,
    string Head,
    string DistillationHead,
    string Registers = "",
    string PreNorm = "")
{
    /// <summary>timm's names, and those of the original DeiT and ViT code.</summary>
    public static ViTNames Timm { get; } = new(
        "timm", "cls_token", "dist_token", "pos_embed", "patch_embed.proj", "blocks.{0}",
        "norm1", ["attn.qkv"], "attn.proj", "ls1.gamma", "norm2", "mlp.fc1", "mlp.fc2", "ls2.gamma",
        "norm", "fc_norm", "head", "head_dist", "reg_token", "norm_pre");

    /// <summary>Hugging Face's names of ViT, which the paper's teacher has too.</summary>
    public static ViTNames HuggingFace { get; } = Transformers("vit", "classifier");

    /// <summary>Hugging Face's names of DeiT with one head.</summary>
    public static ViTNames HuggingFaceDeiT { get; } = Transformers("deit", "classifier");

    /// <summary>Hugging Face's names of DeiT with a class and a distillation head.</summary>
    public static ViTNames HuggingFaceDistilled { get; } = Transformers("deit", "cls_classifier");

    /// <summary>The names that a set of tensors has; null for none of these.</summary>
    public static ViTNames? Of(IReadOnlyDictionary<string, FloatTensor> tensors) =>
        tensors.Keys.Any(name => name.StartsWith("blocks.0.attn.", StringComparison.Ordinal)) ? Timm
        : !Has(tensors, ".attention.attention.query.") ? null
        : Has(tensors, "vit.encoder.") ? HuggingFace
        : !Has(tensors, "deit.encoder.") ? null
        : tensors.ContainsKey("cls_classifier.weight") ? HuggingFaceDistilled : HuggingFaceDeiT;

    public string In(int block, string part) => $"{string.Format(System.Globalization.CultureInfo.InvariantCulture, Block, block)}.{part}";

    private static ViTNames Transformers(string prefix, string head) => new(
        "Hugging Face", $"{prefix}.embeddings.cls_token", $"{prefix}.embeddings.distillation_token", $"{prefix}.embeddings.position_embeddings",
        $"{prefix}.embeddings.patch_embeddings.projection", prefix + ".encoder.layer.{0}",
        "layernorm_before", ["attention.attention.query", "attention.attention.key", "attention.attention.value"], "attention.output.dense", "",
        "layernorm_after", "intermediate.dense", "output.dense", "", $"{prefix}.layernorm", "", head, "distillation_classifier");

    private static bool Has(IReadOnlyDictionary<string, FloatTensor> tensors, string part) =>
        tensors.Keys.Any(name => name.Contains(part, StringComparison.Ordinal));
}
