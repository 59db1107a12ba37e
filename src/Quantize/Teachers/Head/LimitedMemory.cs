using System.Numerics.Tensors;

namespace EdgeVit.Quantize;

/// <summary>Minimises a smooth convex function by limited-memory BFGS (Liu and Nocedal 1989) with steps that are halved until the function falls enough.</summary>
internal static class LimitedMemory
{
    private const int Pairs = 8, Halvings = 20;
    private const double Decrease = 1e-4;

    /// <summary>Changes <paramref name="x"/> until its gradient is 0 but for <paramref name="tolerance"/>, or there were so many iterations.</summary>
    /// <param name="x">Where it begins and ends.</param>
    /// <param name="evaluate">The function at a point; writes its gradient.</param>
    /// <param name="tolerance">Largest gradient at the end.</param>
    /// <param name="iterations">At most.</param>
    /// <returns>The function at the end.</returns>
    internal static double Minimise(float[] x, Func<float[], float[], double> evaluate, double tolerance, int iterations)
    {
        float[] gradient = new float[x.Length], nextGradient = new float[x.Length], next = new float[x.Length], direction = new float[x.Length];
        List<(float[] Step, float[] Change, float Product)> history = [];
        double value = evaluate(x, gradient);
        for (int i = 0; i < iterations && Math.Abs(TensorPrimitives.MaxMagnitude<float>(gradient)) > tolerance; i++)
        {
            Direction(gradient, history, direction);
            float slope = TensorPrimitives.Dot<float>(gradient, direction);
            float length = history.Count > 0 ? 1 : 1 / Math.Max(1, TensorPrimitives.Norm<float>(gradient));
            double reached = double.NaN;
            for (int halving = 0; halving < Halvings; halving++, length /= 2)
            {
                TensorPrimitives.MultiplyAdd(direction, length, x, next);
                reached = evaluate(next, nextGradient);
                if (reached <= value + (Decrease * length * slope))
                {
                    break;
                }
            }
            if (!(reached < value))
            {
                break;
            }

            float[] step = new float[x.Length], change = new float[x.Length];
            TensorPrimitives.Subtract(next, x, step);
            TensorPrimitives.Subtract(nextGradient, gradient, change);
            if (TensorPrimitives.Dot<float>(step, change) is > 1e-12f and var product)
            {
                history.Add((step, change, product));
                if (history.Count > Pairs)
                {
                    history.RemoveAt(0);
                }
            }
            next.CopyTo(x, 0);
            (gradient, nextGradient, value) = (nextGradient, gradient, reached);
        }
        return value;
    }

    /// <summary>The two loops: minus the gradient times the inverse Hessian that the last steps suggest.</summary>
    private static void Direction(float[] gradient, List<(float[] Step, float[] Change, float Product)> history, float[] direction)
    {
        TensorPrimitives.Negate<float>(gradient, direction);
        Span<float> shares = stackalloc float[Pairs];
        for (int i = history.Count - 1; i >= 0; i--)
        {
            (float[] step, float[] change, float product) = history[i];
            shares[i] = TensorPrimitives.Dot<float>(step, direction) / product;
            TensorPrimitives.MultiplyAdd(change, -shares[i], direction, direction);
        }
        if (history is [.., var last])
        {
            TensorPrimitives.Multiply(direction, last.Product / TensorPrimitives.SumOfSquares<float>(last.Change), direction);
        }

        for (int i = 0; i < history.Count; i++)
        {
            (float[] step, float[] change, float product) = history[i];
            TensorPrimitives.MultiplyAdd(step, shares[i] - (TensorPrimitives.Dot<float>(change, direction) / product), direction, direction);
        }
    }
}
