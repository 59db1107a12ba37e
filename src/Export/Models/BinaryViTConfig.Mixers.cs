namespace EdgeVit.Export;

/// <content>Why a network's stages cannot mix their tokens so.</content>
internal sealed partial record BinaryViTConfig
{
    private IEnumerable<string> MixerFaults()
    {
        if (ClassAttention > 0 && Stages.Count > 0 && !Stages[^1].Mixer.Attends)
        {
            yield return $"classAttention {ClassAttention}, which has the heads of the last stage, but that one's mixer is {Stages[^1].Mixer}: choose 0, or attention there";
        }

        if (ClassToken && Stages.Any(s => s.Mixer != MixerKind.Attention))
        {
            yield return "a class token needs the mixer attention: it has no place in a grid";
        }

        if (ClassToken && Stages.Any(s => s.HasDepthwise))
        {
            yield return "projection depthwise or ffn local and a class token, which has no place in a grid: leave them out, or take classAttention for classToken";
        }

        if (LayerNorm && Stages.Any(s => s.HasDepthwise))
        {
            yield return "a depthwise convolution has a batch norm, the network LayerNorms";
        }

        if (Down == DownKind.Attention && Stages.Skip(1).FirstOrDefault(s => !s.Mixer.Attends) is { } other)
        {
            yield return $"down attention, which has the heads of the stage that it leads to, but a stage behind the first has the mixer {other.Mixer}: choose another down, or attention there";
        }

        foreach (string fault in Stages.SelectMany((stage, s) => stage.MixerFaults($"stage {s + 1}")))
        {
            yield return fault;
        }
    }
}
