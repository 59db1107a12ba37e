namespace EdgeVit.Export;

/// <content>Why a network's stages cannot mix their tokens so.</content>
internal sealed partial record BinaryViTConfig
{
    private IEnumerable<string> MixerFaults()
    {
        if (ClassAttention > 0 && Stages.Count > 0 && Stages[^1].Mixer != MixerKind.Attention)
        {
            yield return $"classAttention {ClassAttention}, which has the heads of the last stage, but that one's mixer is {MixerKinds.Name(Stages[^1].Mixer)}: choose 0, or attention there";
        }

        if (ClassToken && Stages.Any(s => s.Mixer != MixerKind.Attention))
        {
            yield return "a class token needs the mixer attention: it has no place in a grid";
        }

        foreach (string fault in Stages.SelectMany((stage, s) => MixerFaults(stage, $"stage {s + 1}")))
        {
            yield return fault;
        }
    }

    private static IEnumerable<string> MixerFaults(StageConfig stage, string where)
    {
        string mixer = MixerKinds.Name(stage.Mixer);
        if (stage.Mixer != MixerKind.Attention && (stage.Heads != 1 || stage.Reduction != 1))
        {
            yield return $"heads {stage.Heads} and reduction {stage.Reduction} of {where}, but its mixer {mixer} has no heads and no keys: leave both keys out, or choose the mixer attention";
        }

        if (stage.Dilation is < 1 or > StageConfig.MostDilation)
        {
            yield return $"dilation {stage.Dilation} of {where}, 1 to {StageConfig.MostDilation} are possible";
        }

        if (stage.Dilation is not null && stage.Mixer != MixerKind.Conv3)
        {
            yield return $"dilation {stage.Dilation} of {where}, but its mixer {mixer} has no taps: leave it out, or choose the mixer conv3";
        }
    }
}
