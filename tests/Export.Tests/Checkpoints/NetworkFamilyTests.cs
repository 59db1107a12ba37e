namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Networks that cannot be packed are called what they are, with what they can serve for.</summary>
public class NetworkFamilyTests
{
    [Theory]
    [InlineData("SigLIP", "logit_scale", "logit_bias", "vision_model.encoder.layers.0.self_attn.q_proj.weight", "text_model.embeddings.token_embedding.weight")]
    [InlineData("SigLIP's encoder of pictures", "vision_model.encoder.layers.0.self_attn.q_proj.weight", "vision_model.head.probe")]
    [InlineData("CLIP, two encoders", "logit_scale", "vision_model.encoder.layers.0.self_attn.q_proj.weight", "text_model.encoder.layers.0.mlp.fc1.weight")]
    [InlineData("CLIP's encoder of pictures", "vision_model.encoder.layers.0.self_attn.q_proj.weight", "vision_model.embeddings.class_embedding")]
    [InlineData("CLIP (OpenAI", "visual.transformer.resblocks.0.attn.in_proj_weight", "transformer.resblocks.0.attn.in_proj_weight")]
    [InlineData("DINOv2, a backbone", "embeddings.mask_token", "encoder.layer.0.layer_scale1.lambda1", "encoder.layer.0.attention.attention.query.weight")]
    [InlineData("DINOv2 with a classifier", "dinov2.encoder.layer.0.layer_scale1.lambda1", "classifier.weight")]
    [InlineData("DINOv3", "rope_embed.periods", "blocks.0.norm1.weight")]
    [InlineData("masked autoencoder", "decoder_blocks.0.norm1.weight", "mask_token")]
    [InlineData("Swin", "swin.encoder.layers.0.blocks.0.attention.self.relative_position_bias_table")]
    [InlineData("ResNet", "conv1.weight", "layer1.0.conv1.weight", "layer2.0.conv1.weight", "fc.weight")]
    [InlineData("ConvNeXt", "stages.0.blocks.0.conv_dw.weight", "head.fc.weight")]
    [InlineData("YOLO", "model.0.conv.weight", "model.22.dfl.conv.weight")]
    [InlineData("language model", "bert.embeddings.word_embeddings.weight")]
    [InlineData("LoRA", "base_model.model.vit.encoder.layer.0.attention.attention.query.lora_A.weight")]
    [InlineData("ViTModel", "embeddings.cls_token", "encoder.layer.0.attention.attention.query.weight", "layernorm.weight")]
    public void WhatItIs(string what, params string[] names)
    {
        string message = Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(names.ToDictionary(n => n, n => NetworkNamesTests.One(n, 2, 2)))).Message;
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Contains(names, n => message.Contains(n, StringComparison.Ordinal));
    }

    [Fact]
    public void ATransformerWithoutAHeadIsABackbone()
    {
        Dictionary<string, FloatTensor> tensors = NetworkNamesTests.Tensors(ViTNames.Timm);
        tensors.Remove("head.weight");
        tensors.Remove("head.bias");
        string message = Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(tensors)).Message;
        Assert.All((string[])["a backbone", "'head.weight' is missing", "Train a head", "convert --teacher"], part => Assert.Contains(part, message, StringComparison.Ordinal));
        tensors.Add("mask_token", NetworkNamesTests.One("mask_token", 1, 16));
        tensors.Add("blocks.0.ls1.gamma", NetworkNamesTests.One("blocks.0.ls1.gamma", 16));
        Assert.Contains("DINOv2", Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(tensors)).Message, StringComparison.Ordinal);
    }
}
