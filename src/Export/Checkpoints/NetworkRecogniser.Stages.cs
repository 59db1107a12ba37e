namespace EdgeVit.Export;

/// <content>Which blocks are a stage, and how their tokens see each other.</content>
internal static partial class NetworkRecogniser
{
    /// <summary>Stages with depths, widths and mixers; heads and reductions are still 1. Where blocks of one width have several mixers, these take turns if there
    /// are as few stages as down-samplings say, and are stages of their own otherwise.</summary>
    private static List<StageConfig> Stages(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        int layers = TensorSizes.Count(tensors, LayerName(), first: 0, "vit.encoder.layer.N");
        int stages = 1 + TensorSizes.Count(tensors, DownsamplingName(), first: 1, "vit.encoder.patch_embedN");
        List<StageConfig> result = Grouped(tensors, layers, byMixer: true), mixed = Grouped(tensors, layers, byMixer: false);
        return result.Count == stages ? result : mixed.Count == stages ? mixed : throw new CheckpointException(
            $"The blocks have {string.Join(", ", result.Select(s => $"{s.Depth} x {s.Width} (FFN {s.FfnWidth})"))} channels, {result.Count} stages, "
            + $"but there are {stages - 1} down-samplings (vit.encoder.patch_embed1 ...), expected {result.Count - 1}. Tensors are missing or of another network");
    }

    private static List<StageConfig> Grouped(IReadOnlyDictionary<string, FloatTensor> tensors, int layers, bool byMixer)
    {
        var result = new List<StageConfig>();
        var kinds = new List<MixerKind>();
        for (int l = 0; l < layers; l++)
        {
            string at = $"vit.encoder.layer.{l}";
            MixerKind mixer = MixerOf(tensors, at);
            int? width = TensorSizes.Size(tensors, ($"{at}.layernorm_before.weight", 0), ($"{at}.layernorm_before.bias", 0), ($"{at}.layernorm_after.weight", 0),
                ($"{at}.attention.output.move", 0), ($"{at}.attention.attention.moveq", 0), ($"{at}.attention.attention.query.weight", 0),
                ($"{at}.conv.move", 0));
            int? ffn = TensorSizes.Size(tensors, ($"{at}.output.move", 0), ($"{at}.output.dense.weight", 1), ($"{at}.intermediate.dense.weight", 0),
                ($"{at}.intermediate.norm.weight", 0), ($"{at}.intermediate.rprelu.move1", 0));
            if (result.Count > 0 && (!byMixer || mixer == kinds[^1]) && (width is null || width == result[^1].Width) && (ffn is null || width is null || ffn == result[^1].FfnWidth))
            {
                kinds.Add(mixer);
                result[^1] = result[^1] with { Depth = result[^1].Depth + 1, Mixer = MixerCycle.Of(kinds) };
            }
            else
            {
                kinds = [mixer];
                result.Add(new StageConfig(1, width ?? throw TensorSizes.Lacks("the width", $"{at}.layernorm_before.weight"),
                    ffn ?? throw TensorSizes.Lacks("the FFN width", $"{at}.output.move"), Heads: 1, Reduction: 1)
                {
                    Mixer = mixer,
                });
            }

            result[^1] = WithFloats(tensors, at, result[^1]);
        }

        return result;
    }

    private static MixerKind MixerOf(IReadOnlyDictionary<string, FloatTensor> tensors, string block) =>
        Has(tensors, $"{block}.conv.") ? MixerKind.Conv3
        : Has(tensors, $"{block}.depthwise.") ? MixerKind.Depthwise
        : Has(tensors, $"{block}.pooling.") ? MixerKind.Pool
        : MixerKind.Attention;

    /// <summary>The stage with the float convolutions that one of its blocks has.</summary>
    private static StageConfig WithFloats(IReadOnlyDictionary<string, FloatTensor> tensors, string block, StageConfig stage) => stage with
    {
        Projection = Has(tensors, $"{block}.attention.attention.convq.") ? ProjectionKind.Depthwise : stage.Projection,
        Ffn = Has(tensors, $"{block}.local.") ? FfnKind.Local : stage.Ffn,
        Gate = Has(tensors, $"{block}.gate.") ? GateKind.Channel : stage.Gate,
        Kernel = TensorSizes.Size(tensors, ($"{block}.depthwise.conv.weight", 2)) is { } kernel and not StageConfig.UsualKernel ? kernel : stage.Kernel,
    };

    private static bool Has(IReadOnlyDictionary<string, FloatTensor> tensors, string prefix) =>
        tensors.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
}
