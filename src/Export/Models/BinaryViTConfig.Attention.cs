using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <content>The attention of each layer.</content>
internal sealed partial record BinaryViTConfig
{
    /// <summary>Whether the levels of attention weights have a learned zero point for each head, as BHViT's have: bit j of a probability p is
    /// <c>p &gt; (j - 1/2 + zero) * clip</c>. Left out of files where it is false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ZeroPoint { get; init; }

    /// <summary>The number of a layer of class attention, which has neither windows nor a bias.</summary>
    public const int NoLayer = -1;

    /// <summary>A layer's number within its stage.</summary>
    public int BlockOf(int layer)
    {
        int stage = StageOf(layer);
        return layer - Stages.Take(stage).Sum(s => s.Depth);
    }

    /// <summary>The mixer of a layer.</summary>
    public MixerKind MixerAt(int layer) => layer == NoLayer ? MixerKind.Attention : Stages[StageOf(layer)].Mixer.At(BlockOf(layer));

    /// <summary>The windows of a layer; null where it has none.</summary>
    public WindowForm? WindowAt(int layer) => layer == NoLayer ? null : Stages[StageOf(layer)].WindowOf(BlockOf(layer));

    /// <summary>Keys per query of a layer, at most.</summary>
    public int KeysAt(int layer) => layer == NoLayer ? Keys(Stages.Count) : WindowAt(layer)?.Places ?? Keys(StageOf(layer));

    /// <summary>The bias of a layer; null where it has none.</summary>
    public BiasTable? BiasAt(int layer)
    {
        if (layer == NoLayer || MixerAt(layer) != MixerKind.Attention || Stages[StageOf(layer)] is not { Bias: not BiasKind.None } stage)
        {
            return null;
        }

        return WindowAt(layer) is { } window ? new BiasTable(stage.Bias, window.Side, 1) : new BiasTable(stage.Bias, Grid(StageOf(layer)), stage.Reduction);
    }
}
