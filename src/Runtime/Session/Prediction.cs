using System.Buffers;
using System.Numerics.Tensors;

namespace EdgeVit.Runtime;

/// <summary>One class with its probability.</summary>
/// <param name="Index">The logit's index.</param>
/// <param name="Label">Its name.</param>
/// <param name="Probability">After the softmax over all logits, 0 to 1.</param>
public readonly record struct Prediction(int Index, string Label, double Probability)
{
    /// <summary>The most probable classes of an image, best first; equal logits in the order of their index.</summary>
    /// <param name="logits"><c>[classes]</c>.</param>
    /// <param name="labels">The names of all classes.</param>
    /// <param name="count">How many are wanted; where there are fewer classes, all.</param>
    /// <exception cref="ArgumentException">There are not as many labels as logits.</exception>
    public static IReadOnlyList<Prediction> Top(ReadOnlySpan<float> logits, IReadOnlyList<string> labels, int count)
    {
        var top = new Prediction[Math.Min(count, logits.Length)];
        Top(logits, labels, top);
        return top;
    }

    /// <summary>The most probable classes of an image, without allocating.</summary>
    /// <param name="logits"><c>[classes]</c>.</param>
    /// <param name="labels">The names of all classes.</param>
    /// <param name="top">Receives as many as it holds, best first; equal logits in the order of their index.</param>
    /// <exception cref="ArgumentException">There are not as many labels as logits, or fewer logits than wanted.</exception>
    public static void Top(ReadOnlySpan<float> logits, IReadOnlyList<string> labels, Span<Prediction> top)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count != logits.Length || top.Length > logits.Length)
        {
            throw new ArgumentException($"{logits.Length} logits with {labels.Count} labels for the top {top.Length}, expected a label for each logit and no more than these", nameof(labels));
        }

        double[] rented = ArrayPool<double>.Shared.Rent(logits.Length);
        Span<double> probabilities = rented.AsSpan(0, logits.Length);

        // Less the highest, which changes no quotient and keeps exponentials from overflowing.
        TensorPrimitives.ConvertChecked(logits, probabilities);
        TensorPrimitives.Subtract(probabilities, TensorPrimitives.Max<double>(probabilities), probabilities);
        TensorPrimitives.SoftMax<double>(probabilities, probabilities);
        int before = -1;
        for (int place = 0; place < top.Length; place++)
        {
            before = Next(logits, before);
            top[place] = new Prediction(before, labels[before], probabilities[before]);
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    /// <summary>How many logits are larger than that of a class, or equal and earlier: 0 means that it is the prediction.</summary>
    /// <param name="logits"><c>[classes]</c>.</param>
    /// <param name="index">The class.</param>
    public static int Rank(ReadOnlySpan<float> logits, int index)
    {
        int rank = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            rank += logits[i] > logits[index] || (logits[i] == logits[index] && i < index) ? 1 : 0;
        }

        return rank;
    }

    /// <summary>The logit that follows another one in order; the first one for -1. A NaN comes last.</summary>
    private static int Next(ReadOnlySpan<float> logits, int before)
    {
        int next = -1;
        for (int i = 0; i < logits.Length; i++)
        {
            if ((before < 0 || Precedes(logits, before, i)) && (next < 0 || Precedes(logits, i, next)))
            {
                next = i;
            }
        }

        return next;
    }

    private static bool Precedes(ReadOnlySpan<float> logits, int a, int b)
    {
        int order = logits[b].CompareTo(logits[a]);
        return order < 0 || (order == 0 && a < b);
    }
}
