using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The length of each token at the end of a stage.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Lengths">Root of the mean square over channels, <c>[rows * columns]</c>, the patches alone.</param>
internal sealed record StageMap(NetworkStage Stage, float[] Lengths);

/// <summary>What a network computes for one image, by the reference interpreter.</summary>
/// <param name="Logits">Its logits.</param>
/// <param name="Attention">The attention bits of every layer.</param>
/// <param name="Stages">The lengths of the tokens.</param>
/// <param name="Rollout">See <see cref="AttentionRollout"/>; null where no class token attends.</param>
internal sealed record ExplainedImage(float[] Logits, IReadOnlyList<AttentionMaps> Attention, IReadOnlyList<StageMap> Stages, AttentionRollout? Rollout)
{
    /// <summary>Computes an image, normalised, <c>[3, H, W]</c>.</summary>
    public static ExplainedImage Of(ModelGraph graph, GraphInterpreter interpreter, NetworkLayout layout, ReadOnlySpan<float> input)
    {
        IReadOnlyDictionary<string, Value> values = interpreter.Run(input);
        AttentionMaps[] attention = [.. layout.Attention.Select(l => AttentionMaps.Of(l, interpreter, values))];
        return new ExplainedImage(
            values[graph.OutputName].Floats, attention, [.. layout.Stages.Select(s => new StageMap(s, Lengths(values[s.Value].Floats, s)))], AttentionRollout.Of(attention));
    }

    /// <summary>Whether logits have the bits of the interpreter's.</summary>
    public bool HasLogits(ReadOnlySpan<float> logits)
    {
        bool same = logits.Length == Logits.Length;
        for (int i = 0; same && i < logits.Length; i++)
        {
            same = BitConverter.SingleToUInt32Bits(logits[i]) == BitConverter.SingleToUInt32Bits(Logits[i]);
        }

        return same;
    }

    private static float[] Lengths(float[] tokens, NetworkStage stage)
    {
        float[] lengths = new float[stage.Grid.Patches];
        for (int t = 0; t < lengths.Length; t++)
        {
            double sum = 0;
            foreach (float v in tokens.AsSpan((stage.Grid.Leading + t) * stage.Channels, stage.Channels))
            {
                sum += (double)v * v;
            }

            lengths[t] = (float)Math.Sqrt(sum / stage.Channels);
        }

        return lengths;
    }
}
