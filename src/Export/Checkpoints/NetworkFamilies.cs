namespace EdgeVit.Export;

/// <summary>Networks that people have checkpoints of and that cannot be packed, known by tensors that only they have: said is what it is and what it can serve
/// for.</summary>
internal static class NetworkFamilies
{
    private const string Teaches = "It can teach: export it to ONNX where it was made, then  convert --teacher net.onnx";
    private const string Serves = "It gives features and no classes, so that it can neither be packed nor teach as it is. Train a head on it where it was made; then import the "
        + "whole network, if it has the form of DeiT or ViT, or export the whole to ONNX, for  convert --teacher net.onnx";
    private const string Nothing = "It does not classify pictures; nothing here takes it";

    /// <summary>Parts of a vision transformer that no model file has an operation for.</summary>
    private static readonly (string Part, string What)[] s_parts =
    [
        (".attn.q_norm.", "norms of queries and keys (QK-norm)"), (".attn.k_norm.", "norms of queries and keys (QK-norm)"), (".attention.q_norm.", "norms of queries and keys (QK-norm)"),
        ("pre_logits.", "a pre-logits layer (a linear and tanh before the head)"),
        (".mlp.w12.", "a gated FFN (SwiGLU)"), (".mlp.w3.", "a gated FFN (SwiGLU)"), (".mlp.fc1_g.", "a gated FFN (SwiGLU)"), (".mlp.gate_proj.", "a gated FFN (SwiGLU)"),
        ("relative_position_bias", "relative position biases (BEiT, Swin)"), ("rel_pos_", "relative positions"),
        ("rope.", "rotary positions (EVA, DINOv3)"), ("rope_embed", "rotary positions (DINOv3)"), ("attn_pool.", "attention pooling in place of a class token (SigLIP)"),
        (".attn.q_bias", "biases of queries and values without one of keys (BEiT, EVA)"), (".attn.norm.", "a norm within attention (EVA)"), (".mlp.norm.", "a norm within the FFN (EVA)"),
        (".lora_A", "LoRA adapters beside the weights (merge them, merge_and_unload, and save again)"), (".attn.qkv.lora", "LoRA adapters beside the weights (merge them, merge_and_unload, and save again)"),
    ];

    /// <summary>Each by parts of names, all of which must be there; the first that fits.</summary>
    private static readonly (string[] Parts, string What, string Use)[] s_families =
    [
        (["logit_scale", "logit_bias"], "SigLIP, two encoders that compare pictures with texts", Serves),
        (["vision_model.head."], "SigLIP's encoder of pictures, a backbone without a classifier", Serves),
        (["vision_model.encoder.layers.", "text_model."], "CLIP, two encoders that compare pictures with texts", Serves),
        (["vision_model.encoder.layers."], "CLIP's encoder of pictures, a backbone without a classifier", Serves),
        (["visual.transformer.resblocks."], "CLIP (OpenAI's or OpenCLIP's names), two encoders that compare pictures with texts", Serves),
        (["visual.trunk."], "CLIP or SigLIP (OpenCLIP's names), two encoders that compare pictures with texts", Serves),
        (["rope_embed"], "DINOv3, a backbone with rotary positions", Serves), ([".layer_scale1.", "register_tokens", ".q_proj."], "DINOv3, a backbone with rotary positions", Serves),
        ([".layer_scale1.lambda1", "classifier.weight"], "DINOv2 with a classifier that sees the class token and the mean of the patches", Teaches),
        ([".layer_scale1.lambda1"], "DINOv2, a backbone without a classifier", Serves),
        (["decoder_blocks."], "a masked autoencoder (MAE) with its decoder, without a classifier", Serves),
        (["layers.0.blocks.0.", "relative_position_bias_table"], "Swin, a transformer of shifted windows", Teaches),
        (["encoder.layers.0.blocks.0.", "relative_position_bias_table"], "Swin, a transformer of shifted windows", Teaches),
        (["relative_position_bias_table"], "BEiT or another transformer with relative position biases", Teaches),
        (["stages.0.blocks.0.", "dw"], "ConvNeXt", Teaches), (["stages.0.0.dwconv"], "ConvNeXt", Teaches),
        (["layer1.0.conv1.weight", "layer2.0.conv1.weight"], "a residual network (ResNet's names)", Teaches),
        (["blocks.0.0.", "conv_stem"], "EfficientNet or MobileNet (timm's names)", Teaches), (["features.0.0.weight", "features.1."], "a convolutional network (torchvision's names)", Teaches),
        (["features.denseblock1."], "DenseNet", Teaches), (["model.0.conv.weight"], "a detector of the YOLO family", Nothing),
        (["word_embeddings.weight"], "a language model", Nothing), (["embed_tokens.weight"], "a language model", Nothing), (["diffusion_model."], "a diffusion model", Nothing),
        (["lora_A"], "LoRA adapters without the network that they change", "Merge them into it (merge_and_unload), save that and import it"),
        (["encoder.layer.0.attention.attention.query."], "a vision transformer without a classifier (ViTModel of Hugging Face)", Serves),
    ];

    /// <summary>Refuses parts that a vision transformer may have and a model file may not.</summary>
    /// <exception cref="CheckpointException">It has such; the message names one tensor of each.</exception>
    internal static void RefuseParts(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        string[] found =
        [
            .. s_parts.Select(p => (p.What, Name: tensors.Keys.Where(n => n.Contains(p.Part, StringComparison.Ordinal)).Min(StringComparer.Ordinal)))
                .Where(p => p.Name is not null).DistinctBy(p => p.What).Select(p => $"{p.What}: {p.Name}"),
        ];
        if (found.Length > 0)
        {
            throw new CheckpointException($"The vision transformer has what a model file has no operation for: {string.Join("; ", found)}. {Teaches}");
        }
    }

    /// <summary>What to say about a vision transformer that has no classifier.</summary>
    internal static CheckpointException WithoutHead(IReadOnlyDictionary<string, FloatTensor> tensors, string head)
    {
        bool dino = tensors.ContainsKey("mask_token") && tensors.Keys.Any(n => n.EndsWith(".ls1.gamma", StringComparison.Ordinal));
        string what = dino ? "DINOv2, a backbone without a classifier" : "a vision transformer without a classifier, a backbone";
        return new CheckpointException($"This is {what}: '{head}' is missing. {Serves}");
    }

    /// <summary>What to say about a network that is known and cannot be packed; null where it is not known.</summary>
    internal static CheckpointException? Named(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        foreach ((string[] parts, string what, string use) in s_families)
        {
            string?[] found = [.. parts.Select(p => tensors.Keys.Where(n => n.Contains(p, StringComparison.Ordinal)).Min(StringComparer.Ordinal))];
            if (found.All(n => n is not null))
            {
                return new CheckpointException($"This is {what}, which has no form of a model file, as {string.Join(" and ", found.Select(n => $"'{n}'"))} show{(found.Length == 1 ? "s" : "")}. {use}");
            }
        }
        return null;
    }
}
