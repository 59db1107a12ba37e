namespace EdgeVit.Export;

/// <summary>Which member of the binary family a set of tensors is, by the tensors that only one has. The steps of the paper: the ReActNet form of
/// DeiT with a class token, average pooling in its place, branches, layer scale, the pyramid (with a norm behind the patches), the pyramid with
/// float down-sampling; each with batch norms or LayerNorms.</summary>
internal sealed record NetworkForm(
    bool EmbeddingNorm, bool ClassToken, DownKind Down, bool Branches3, bool Branches5, bool Shifts, bool LayerScale, bool Stem, bool ClassAttention, bool Locality, bool LayerNorm,
    bool Convolutions, bool Bias, bool ZeroPoint, IReadOnlyList<string> FloatMixing)
{
    // Parts of names, and what they are of.
    private static readonly (string Part, string Text)[] s_floatMixing =
    [
        (".depthwise.conv.", "with depthwise convolutions as mixers"), (".pooling.", "with pools as mixers"),
        (".attention.convq.", "with convolutions before queries, keys and values"), (".local.norm.", "with convolutions in the feed-forward networks"), (".gate.squeeze.", "with gates of channels"),
    ];

    public static bool IsBinary(IReadOnlyDictionary<string, FloatTensor> tensors) => Has(tensors, ".attention.attention.moveq") || Has(tensors, ".conv.dense.") || Has(tensors, ".intermediate.move");

    /// <summary>The form of a set of tensors. One missing tensor decides nothing: each question is asked of all blocks.</summary>
    public static NetworkForm Of(IReadOnlyDictionary<string, FloatTensor> tensors) => new(
        EmbeddingNorm: Has(tensors, "vit.embeddings.norm.") || Has(tensors, ".patch_embed1.") || Has(tensors, ".mover"),
        ClassToken: Has(tensors, "embeddings.cls_token"),
        Down: DownOf(tensors),
        Branches3: Has(tensors, ".layerscale_w3.") || Has(tensors, ".layerscale_h3."),
        Branches5: Has(tensors, ".layerscale_w5.") || Has(tensors, ".layerscale_h5."),
        Shifts: BlockBranch.Of(BranchKind.Shift).Any(b => Has(tensors, $".layerscale_{b.Name}.")),
        LayerScale: Has(tensors, ".output.layerscale."),
        Stem: Has(tensors, "vit.embeddings.stem."),
        ClassAttention: Has(tensors, "vit.class_attention."),
        Locality: Has(tensors, $".{TensorManifest.TemperatureLogit}"),
        LayerNorm: !Has(tensors, ".running_mean") && !Has(tensors, ".running_var"),
        Convolutions: Has(tensors, ".conv.dense."),
        Bias: Has(tensors, $".{TensorManifest.Bias}"),
        ZeroPoint: Has(tensors, $".{TensorManifest.ZeroPoint}"),
        FloatMixing: [.. s_floatMixing.Where(m => Has(tensors, m.Part)).Select(m => m.Text)]);

    /// <summary>Whether it has something that only the trainer here builds.</summary>
    public bool IsOwn => Shifts || Stem || ClassAttention || Locality || Convolutions || Bias || ZeroPoint || FloatMixing.Count > 0 || Down is DownKind.Conv3 or DownKind.Depthwise or DownKind.Attention;

    public BranchKind Branches => Branches3 || Branches5 ? BranchKind.Pool : Shifts ? BranchKind.Shift : BranchKind.None;

    public string Name(int stages)
    {
        string norm = LayerNorm ? " with LayerNorm in place of batch norm" : "";
        string half = Branches3 == Branches5 ? "" : Branches3 ? "3-wide " : "5-wide ";
        return (EmbeddingNorm || stages > 1 ? Pyramid(half) : $"ReActNet-DeiT ({Columnar(half)})") + norm;
    }

    private string Pyramid(string half)
    {
        (bool There, string Text)[] parts =
        [
            (!LayerScale, "without layer scale"), (half.Length > 0, $"with {half}branches only"), (Shifts, "with spatial shifts"), (Stem, "with a stem"),
            (ClassAttention, "with class attention"), (Locality, "with locality self-attention"), (Bias, "with a bias in the scores"), (ZeroPoint, "with zero points"),
            (Convolutions, "with 3x3 convolutions"), (Down == DownKind.Conv3, "with 3x3 down-sampling"), (Down == DownKind.Attention, "with attention from stage to stage"),
            .. FloatMixing.Select(text => (true, text)),
        ];
        return (Down is DownKind.Binary or DownKind.Conv3 or DownKind.Attention ? "BinaryViT" : $"BinaryViT* ({DownKinds.Name(Down)} down-sampling)") + string.Concat(parts.Where(p => p.There).Select(p => $" {p.Text}"));
    }

    private static DownKind DownOf(IReadOnlyDictionary<string, FloatTensor> tensors) =>
        Has(tensors, ".patch_embed1.attention.") ? DownKind.Attention
        : Has(tensors, ".patch_embed1.depthwise.") ? DownKind.Depthwise
        : Has(tensors, ".patch_embed1.") && !Has(tensors, ".patch_embed1.rprelu.") && !Has(tensors, ".patch_embed1.move") ? DownKind.Float
        : tensors.TryGetValue("vit.encoder.patch_embed1.proj.weight", out FloatTensor? weight) && weight.Shape is [_, _, 3, 3] ? DownKind.Conv3
        : DownKind.Binary;

    private string Columnar(string half) =>
        ClassToken ? $"baseline, with a class token{(LayerScale ? " and layer scale" : "")}"
        : Branches3 || Branches5 ? (LayerScale ? $"with average pooling, {half}branches and layer scale" : $"with average pooling and {half}branches")
        : LayerScale ? "with average pooling and layer scale" : "with average pooling";

    private static bool Has(IReadOnlyDictionary<string, FloatTensor> tensors, string part) =>
        tensors.Keys.Any(name => name.Contains(part, StringComparison.Ordinal));
}
