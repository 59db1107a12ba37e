using EdgeVit.Export;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>Presets for photographs as small as they can be and still have what makes them that: full widths, one turn of the mixers in each stage, two blocks where
/// all have the same, few tokens, 10 classes.</summary>
internal static class FewBlocks
{
    public static BinaryViTConfig Of(BinaryViTConfig preset) => (preset.Name switch
    {
        // Grids of 14 and 7: four windows, moved or spread by turns, then one.
        "binary-swin" => Two(preset) with { ImageSize = 56, Stages = [Stage(preset.Stages[0]), Stage(preset.Stages[1]) with { Shift = 0 }] },
        "binary-maxvit" => Two(preset) with { ImageSize = 56 },
        "binary-mobilevit" => preset with { ImageSize = 64, Stages = [.. preset.Stages.Select((s, i) => Stage(s) with { WindowSide = i == 0 ? 0 : 16 >> i >> 1 })] },
        _ => preset with { ImageSize = 64, Stages = [.. preset.Stages.Select(Stage)] },
    }).With(classes: 10, name: preset.Name + "-few");

    /// <summary>The same at a quarter of the widths, for trainings.</summary>
    public static BinaryViTConfig Narrow(BinaryViTConfig preset)
    {
        BinaryViTConfig few = Of(preset);
        return (few with { Stages = [.. few.Stages.Select(s => s with { Width = s.Width / 4, FfnWidth = s.FfnWidth / 4, Heads = Math.Max(1, s.Heads / 4) })] }).Validate();
    }

    /// <summary>Fresh weights, biases of the scores and weights of the gates among them, which are zero at first.</summary>
    public static IReadOnlyDictionary<string, FloatTensor> Fresh(BinaryViTConfig config)
    {
        torch.manual_seed(3);
        using var model = new BinaryViT(config);
        using (torch.no_grad())
        {
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters().Where(p => p.name.EndsWith(TensorManifest.Bias, StringComparison.Ordinal) || p.name.EndsWith(".gate.excite.weight", StringComparison.Ordinal)))
            {
                parameter.copy_(torch.randn(parameter.shape));
            }
        }

        return ModelTensors.Export(model);
    }

    private static BinaryViTConfig Two(BinaryViTConfig preset) => preset with { Stages = [.. preset.Stages.Take(2).Select(Stage)] };

    private static StageConfig Stage(StageConfig stage) => stage with { Depth = Math.Min(stage.Depth, Math.Max(2, stage.Mixer.Kinds.Count)) };
}
