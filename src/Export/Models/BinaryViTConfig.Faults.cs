using System.Globalization;

namespace EdgeVit.Export;

/// <content>Why a network cannot be built.</content>
internal sealed partial record BinaryViTConfig
{
    private IEnumerable<string> Faults() => [.. SizeFaults(), .. OptionFaults(), .. MixerFaults(), .. LocalityFaults(), .. GridFaults()];

    private IEnumerable<string> SizeFaults()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return "it has no name";
        }

        if (Channels < 1)
        {
            yield return $"{Channels} image channels, at least 1 is needed";
        }

        if (Classes < 2)
        {
            yield return $"{Classes} classes, at least 2 are needed";
        }

        if (!(BatchNormEps > 0) || !double.IsFinite(BatchNormEps))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"norm eps {BatchNormEps}, a small positive number is needed");
        }

        if (Stages.Count == 0)
        {
            yield return "it has no stages";
        }
    }

    private IEnumerable<string> OptionFaults()
    {
        if (StemWidth is < 0 or > 4096)
        {
            yield return $"a stem of {StemWidth} channels, 0 (none) to 4096 are possible";
        }

        if (!PossibleLevels.Contains(AttentionLevels))
        {
            yield return $"attention of {AttentionLevels} levels, {string.Join(" or ", PossibleLevels)} are possible";
        }

        foreach (string fault in StemFaults())
        {
            yield return fault;
        }

        if (StemLayers().Count > 0 && LayerNorm)
        {
            yield return "a stem has a batch norm, the network LayerNorms";
        }

        if (ShiftedPatches && PatchSize % 2 != 0)
        {
            yield return $"patches of {PatchSize} pixels cannot be shifted by half of that";
        }

        if (ClassAttention is < 0 or > 16)
        {
            yield return $"{ClassAttention} layers of class attention, 0 (none) to 16 are possible";
        }

        if (ClassAttention > 0 && ClassToken)
        {
            yield return "a class token in all blocks and class attention behind them: one of them is possible";
        }

        if (ClassToken && (Stages.Count != 1 || Stages[0].Reduction != 1 || Branches != BranchKind.None))
        {
            yield return "a class token needs a single stage without reduction and without branches: it has no place in a grid";
        }
    }

    private IEnumerable<string> GridFaults()
    {
        if (ImageSize < 1 || PatchSize < 1 || ImageSize % PatchSize != 0)
        {
            yield return $"an image of {ImageSize} pixels does not divide into patches of {PatchSize}";
            yield break;
        }

        if (TokenSize < 1 || ImageSize % TokenSize != 0)
        {
            yield return $"an image of {ImageSize} pixels does not divide by the stem's strides and patches of {PatchSize}, {TokenSize} pixels together";
            yield break;
        }

        int grid = ImageSize / TokenSize;
        for (int s = 0; s < Stages.Count; s++)
        {
            foreach (string fault in StageFaults(s, grid))
            {
                yield return fault;
            }

            if (s + 1 == Stages.Count)
            {
                break;
            }

            if (grid % 2 != 0)
            {
                yield return $"the {grid}x{grid} grid of stage {s + 1} cannot be halved for stage {s + 2}; choose an image size that is a "
                    + $"multiple of {TokenSize << (Stages.Count - 1)}, or fewer stages";
                yield break;
            }
            if (Down is DownKind.Binary or DownKind.Conv3 or DownKind.Attention && Stages[s + 1].Width != 2 * Stages[s].Width)
            {
                yield return $"stage {s + 2} has {Stages[s + 1].Width} channels, but down {DownKinds.Name(Down)}, whose shortcut is the tokens twice, doubles the {Stages[s].Width} "
                    + $"of stage {s + 1} to {2 * Stages[s].Width}";
            }
            grid /= 2;
        }
    }

    private IEnumerable<string> LocalityFaults() => !Locality ? [] : Stages
        .Select((stage, s) => (Stage: stage, Number: s + 1))
        .Where(p => p.Stage is { Depth: > 1, Shift: > 0 } && (p.Stage.Shift == 1 || p.Stage.WindowSide - p.Stage.Shift == 1))
        .Select(p => $"stage {p.Number} has window {p.Stage.WindowSide} and shift {p.Stage.Shift}, which leave a token at a corner of its grid alone in its window, and locality, with which no token attends to itself: "
            + "give another window or shift, or leave locality out");

    private IEnumerable<string> StageFaults(int index, int grid)
    {
        StageConfig stage = Stages[index];
        string where = $"stage {index + 1}";
        if (stage.Depth < 1)
        {
            yield return $"{where} has {stage.Depth} blocks, at least 1 is needed";
        }

        if (stage.Width < 1)
        {
            yield return $"{where} has {stage.Width} channels, at least 1 is needed";
        }

        if (stage.Heads < 1 || stage.Width % stage.Heads != 0)
        {
            yield return $"the {stage.Width} channels of {where} do not divide into {stage.Heads} heads";
        }

        if (stage.Width >= 1 && (stage.FfnWidth < stage.Width || stage.FfnWidth % stage.Width != 0))
        {
            yield return $"the FFN width {stage.FfnWidth} of {where} is not a multiple of its {stage.Width} channels";
        }

        if (stage.Reduction < 1 || grid % stage.Reduction != 0)
        {
            yield return $"the {grid}x{grid} grid of {where} does not divide by its reduction {stage.Reduction}";
        }

        foreach (string fault in stage.WindowFaults(where, grid))
        {
            yield return fault;
        }

        if (ClassToken && (stage.WindowSide != 0 || stage.Bias != BiasKind.None))
        {
            yield return $"{where} has {(stage.WindowSide != 0 ? "window" : "bias")} and the network a class token, which has no place in a grid: leave it out, or take classAttention for classToken";
        }
    }

    private IEnumerable<string> StemFaults()
    {
        if (Stem is null)
        {
            yield break;
        }

        if (StemWidth > 0)
        {
            yield return $"stemWidth {StemWidth}, which is a stem of one layer, and stem: leave one of the two keys out";
        }

        if (Stem.Count is < 1 or > StemLayer.MostLayers)
        {
            yield return $"a stem of {Stem.Count} layers, 1 to {StemLayer.MostLayers} are possible; leave stem out for none";
        }

        foreach (string fault in Stem.SelectMany((layer, i) => layer.Faults(i)))
        {
            yield return fault;
        }
    }
}
