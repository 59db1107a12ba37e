namespace EdgeVit.Export;

/// <summary>Reads the kind of a stage's bias off its length.</summary>
internal static class StageBiases
{
    /// <summary>Stages with the biases that their first layers that attend have.</summary>
    /// <exception cref="CheckpointException">A bias is none of the whole grid's: it is of windows, which tensors do not show.</exception>
    public static IEnumerable<StageConfig> Set(IReadOnlyDictionary<string, FloatTensor> tensors, IReadOnlyList<StageConfig> stages, int grid)
    {
        for (int s = 0, layer = 0; s < stages.Count; layer += stages[s++].Depth)
        {
            string name = $"vit.encoder.layer.{layer + Math.Max(0, stages[s].Mixer.First(MixerKind.Attention))}.attention.attention.{TensorManifest.Bias}";
            if (!tensors.TryGetValue(name, out FloatTensor? bias))
            {
                yield return stages[s];
                continue;
            }

            int length = bias.Shape is [_, var numbers] ? numbers : 0;
            BiasTable? table = new[] { BiasKind.Relative, BiasKind.Distance }.Select(kind => new BiasTable(kind, grid >> s, stages[s].Reduction)).FirstOrDefault(t => t.Length == length);
            yield return table is not null ? stages[s] with { Bias = table.Kind } : throw new CheckpointException(
                $"{name} is {bias.ShapeText}, which is no bias of the whole {grid >> s}x{grid >> s} grid of stage {s + 1}, so it is one of windows; "
                + "tensors do not show windows, only the checkpoint that convert wrote says them");
        }
    }
}
