using System.Numerics.Tensors;

namespace EdgeVit.Export.Onnx;

/// <summary>What the numbers of an output are, one for each class.</summary>
internal enum OnnxScores
{
    /// <summary>Logits, or logarithms of probabilities, which serve as such.</summary>
    Logits,

    /// <summary>Probabilities of one class each image: their logarithm is taken.</summary>
    Probabilities,

    /// <summary>The same in per cent.</summary>
    Percent,

    /// <summary>The same in 255ths, whole numbers.</summary>
    Bytes,

    /// <summary>A probability for each class by itself: <c>log(p / (1 - p))</c> is taken.</summary>
    Sigmoids,
}

/// <summary>Recognises scores and makes logits of them.</summary>
internal static class OnnxScoresForm
{
    /// <summary>The smallest probability that has a logarithm of its own.</summary>
    private const float Least = 1e-30f;

    private const float Rounding = 1e-3f;

    /// <summary>Of 255, what rounding of many classes may take.</summary>
    private const float MostLost = 12;

    /// <summary>What rows of answers <c>[n, width]</c> are; <paramref name="ending"/> is the operator that computes them, where the file shows it.</summary>
    internal static OnnxScores Of(ReadOnlySpan<float> rows, int width, string ending)
    {
        if (TensorPrimitives.Min(rows) >= 0 && width > 1 && SumTo(rows, width, 100))
        {
            return OnnxScores.Percent;
        }

        if (TensorPrimitives.Min(rows) >= 0 && width > 1 && AreBytes(rows, width))
        {
            return OnnxScores.Bytes;
        }

        if (TensorPrimitives.Min(rows) < 0 || TensorPrimitives.Max(rows) > 1 + Rounding)
        {
            return OnnxScores.Logits;
        }

        // Of a softmax in few bits over many classes most of the sum is lost.
        bool one = IsSoftmax(ending) || SumTo(rows, width, 1);
        return one && width > 1 ? OnnxScores.Probabilities : ending == "Sigmoid" ? OnnxScores.Sigmoids : OnnxScores.Logits;
    }

    /// <summary>Whole numbers whose sum is 255, or 256, but for the half that each may be rounded by.</summary>
    private static bool AreBytes(ReadOnlySpan<float> rows, int width)
    {
        for (int i = 0; i < rows.Length; i += width)
        {
            ReadOnlySpan<float> row = rows.Slice(i, width);
            if (Math.Abs(TensorPrimitives.Sum(row) - 255.5f) > 0.5f + Math.Min(width / 2f, MostLost))
            {
                return false;
            }

            foreach (float value in row)
            {
                if (value != MathF.Truncate(value))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool SumTo(ReadOnlySpan<float> rows, int width, float sum)
    {
        for (int i = 0; i < rows.Length; i += width)
        {
            if (Math.Abs(TensorPrimitives.Sum(rows.Slice(i, width)) - sum) > Rounding * sum)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether an operator is a softmax.</summary>
    internal static bool IsSoftmax(string ending) => ending is "Softmax" or "QLinearSoftmax";

    /// <summary>Makes logits of scores.</summary>
    internal static void ToLogits(OnnxScores scores, Span<float> values)
    {
        for (int i = 0; i < values.Length && scores != OnnxScores.Logits; i++)
        {
            float p = values[i];
            values[i] = scores switch
            {
                OnnxScores.Probabilities => MathF.Log(Math.Max(p, Least)),
                OnnxScores.Percent => MathF.Log(Math.Max(p / 100, Least)),
                // What was rounded to 0 may have been as much as a half.
                OnnxScores.Bytes => MathF.Log(Math.Max(p, 0.5f) / 255),
                _ => MathF.Log(Math.Max(p, 1e-7f) / Math.Max(1 - p, 1e-7f)),
            };
        }
    }
}
