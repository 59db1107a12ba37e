using System.Numerics.Tensors;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace EdgeVit.Quantize;

/// <summary>Multinomial logistic regression with weight decay: the linear layer with the least <c>mean cross-entropy + decay/2 |W|²</c>.</summary>
internal static class SoftmaxRegression
{
    private const double Tolerance = 1e-4;
    private const int Iterations = 200;

    /// <summary>Fits the layer.</summary>
    /// <param name="features"><c>[n, D + 1]</c>, the last column 1.</param>
    /// <param name="labels">n classes.</param>
    /// <param name="classes">C.</param>
    /// <param name="decay">On weights, not on the offsets.</param>
    /// <param name="layer">Weights and, last, offsets, <c>[D + 1, C]</c>: where it begins and ends.</param>
    /// <param name="cancel">Ends it.</param>
    internal static void Fit(Tensor features, int[] labels, int classes, double decay, float[] layer, CancellationToken cancel)
    {
        using IDisposable frozen = torch.no_grad();
        using Tensor transposed = features.t();
        int weights = layer.Length - classes;
        LimitedMemory.Minimise(
            layer,
            (point, gradient) =>
            {
                cancel.ThrowIfCancellationRequested();
                float[] scores = Scores(features, point, classes);
                double loss = Residual(scores, labels, classes);
                using (torch.NewDisposeScope())
                {
                    ModelTensors.ToArray(transposed.mm(torch.tensor(scores).view(labels.Length, classes))).CopyTo(gradient, 0);
                }

                TensorPrimitives.MultiplyAdd(point.AsSpan(0, weights), (float)decay, gradient.AsSpan(0, weights), gradient.AsSpan(0, weights));
                return loss + (decay / 2 * TensorPrimitives.SumOfSquares<float>(point.AsSpan(0, weights)));
            },
            Tolerance, Iterations);
    }

    /// <summary>Logits <c>[n, C]</c>.</summary>
    internal static float[] Scores(Tensor features, float[] layer, int classes)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return ModelTensors.ToArray(features.mm(torch.tensor(layer).view(layer.Length / classes, classes)));
    }

    /// <summary>Mean cross-entropy of logits, which become its derivatives.</summary>
    internal static double Residual(float[] scores, int[] labels, int classes)
    {
        double loss = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            Span<float> row = scores.AsSpan(i * classes, classes);
            TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
            float own = row[labels[i]];
            TensorPrimitives.Exp(row, row);
            float sum = TensorPrimitives.Sum<float>(row);
            loss += Math.Log(sum) - own;
            TensorPrimitives.Divide(row, sum * labels.Length, row);
            row[labels[i]] -= 1f / labels.Length;
        }
        return loss / labels.Length;
    }
}
