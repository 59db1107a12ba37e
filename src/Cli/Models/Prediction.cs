using System.Numerics.Tensors;

namespace EdgeVit.Cli;

/// <summary>One class with its probability.</summary>
/// <param name="Index">The logit's index.</param>
/// <param name="Label">Its name.</param>
/// <param name="Probability">After the softmax over all logits, 0 to 1.</param>
internal sealed record Prediction(int Index, string Label, double Probability)
{
    /// <summary>The most probable classes, best first; equal logits in the order of their index.</summary>
    public static IReadOnlyList<Prediction> Top(ReadOnlySpan<float> logits, IReadOnlyList<string> labels, int count)
    {
        // Less the highest, which changes no quotient and keeps exponentials from overflowing.
        var probabilities = new double[logits.Length];
        TensorPrimitives.ConvertChecked(logits, probabilities);
        TensorPrimitives.Subtract(probabilities, TensorPrimitives.Max<double>(probabilities), probabilities);
        TensorPrimitives.SoftMax<double>(probabilities, probabilities);
        float[] values = logits.ToArray();
        return [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(count).Select(i => new Prediction(i, labels[i], probabilities[i]))];
    }

    /// <summary>How many logits are larger than that of a class, or equal and earlier: 0 means that it is the prediction.</summary>
    public static int Rank(ReadOnlySpan<float> logits, int label)
    {
        int rank = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (logits[i] > logits[label] || (logits[i] == logits[label] && i < label))
            {
                rank++;
            }
        }
        return rank;
    }
}
