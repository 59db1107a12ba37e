namespace EdgeVit.Export;

/// <summary>The modules that a graph's values belong to, read off the names that the paper's code gives.</summary>
internal static class GraphModule
{
    /// <summary>The module of a value: a block (<c>vit.encoder.layer.3</c>), a down-sampling (<c>vit.encoder.patch_embed1</c>),
    /// <c>vit.embeddings</c>, or <c>head</c>.</summary>
    public static string Of(string value)
    {
        string[] parts = value.Split('.');
        if (parts is ["vit", "encoder", "layer", var layer, ..])
        {
            return $"vit.encoder.layer.{layer}";
        }

        if (parts is ["vit", "encoder", var stage, ..])
        {
            return $"vit.encoder.{stage}";
        }

        return parts is ["vit", "embeddings", ..] ? "vit.embeddings" : "head";
    }
}
