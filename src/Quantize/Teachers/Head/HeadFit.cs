using System.Numerics.Tensors;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace EdgeVit.Quantize;

/// <summary>Trains a head on features that are known: features are standardised, the weight decay is the one whose heads give held-out images the least
/// cross-entropy.</summary>
internal sealed class HeadFit
{
    private const int Folds = 5;

    /// <summary>Products of a fit above which only one fold is held out.</summary>
    private const double Much = 1e9;

    /// <summary>Strongest first: each fit begins where the one before ended.</summary>
    private static readonly double[] s_decays = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];

    private readonly int _images, _classes, _width;
    private readonly int[] _labels;    // of rows
    private readonly int[] _folds;     // of images
    private readonly Tensor _rows;     // [rows, D + 1], standardised, then ones
    private readonly float[] _mean, _deviation;
    private readonly CancellationToken _cancel;

    private HeadFit(float[] features, int[] labels, int views, int classes, ulong seed, CancellationToken cancel)
    {
        (_images, _classes, _cancel) = (labels.Length, classes, cancel);
        int rows = _images * views;
        _width = features.Length / rows;
        _labels = [.. Enumerable.Range(0, rows).Select(r => labels[r % _images])];
        _folds = Divide(labels, seed);
        (_mean, _deviation) = Statistics(features, _width);
        float[] standard = new float[rows * (_width + 1)];
        for (int r = 0; r < rows; r++)
        {
            Span<float> row = standard.AsSpan(r * (_width + 1), _width + 1);
            TensorPrimitives.Subtract<float>(features.AsSpan(r * _width, _width), _mean, row[.._width]);
            TensorPrimitives.Divide(row[.._width], _deviation, row[.._width]);
            row[_width] = 1;
        }
        _rows = torch.tensor(standard).view(rows, _width + 1);
    }

    /// <summary>Trains a head.</summary>
    /// <param name="name">Of the backbone.</param>
    /// <param name="features"><c>[views × n, D]</c>: all images, then their mirror images where there are two views.</param>
    /// <param name="labels">Of the n images.</param>
    /// <param name="views">1 or 2.</param>
    /// <param name="classes">C.</param>
    /// <param name="seed">Decides which images are held out together.</param>
    /// <param name="cancel">Ends it.</param>
    internal static LinearHead Of(string name, float[] features, int[] labels, int views, int classes, ulong seed, CancellationToken cancel)
    {
        var fit = new HeadFit(features, labels, views, classes, seed, cancel);
        using (fit._rows)
        {
            (double decay, double top1) = fit.Choose();
            return fit.Whole(name, decay, top1);
        }
    }

    private (double Decay, double Top1) Choose()
    {
        double[] losses = new double[s_decays.Length], right = new double[s_decays.Length];
        int held = 0;
        int folds = (double)_rows.shape[0] * _width * _classes > Much ? 1 : Folds;
        for (int fold = 0; fold < folds; fold++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            (Tensor learnt, int[] labels) = Part(i => _folds[i] != fold);
            (Tensor held_, int[] outLabels) = Part(i => _folds[i] == fold);
            if (labels.Length == 0 || outLabels.Length == 0)
            {
                continue;
            }

            held += outLabels.Length;
            float[] layer = new float[(_width + 1) * _classes];
            for (int d = 0; d < s_decays.Length; d++)
            {
                SoftmaxRegression.Fit(learnt, labels, _classes, s_decays[d], layer, _cancel);
                float[] scores = SoftmaxRegression.Scores(held_, layer, _classes);
                right[d] += outLabels.Where((l, i) => TensorPrimitives.IndexOfMax<float>(scores.AsSpan(i * _classes, _classes)) == l).Count();
                losses[d] += outLabels.Length * SoftmaxRegression.Residual(scores, outLabels, _classes);
            }
        }
        int best = Array.IndexOf(losses, losses.Min());
        return (s_decays[best], 100 * right[best] / Math.Max(1, held));
    }

    /// <summary>The rows of some images.</summary>
    private (Tensor Rows, int[] Labels) Part(Func<int, bool> images)
    {
        int[] rows = [.. Enumerable.Range(0, _labels.Length).Where(r => images(r % _images))];
        return (_rows.index_select(0, torch.tensor(Array.ConvertAll(rows, static r => (long)r))), [.. rows.Select(r => _labels[r])]);
    }

    /// <summary>The head of all images, for features as they are.</summary>
    private LinearHead Whole(string name, double decay, double top1)
    {
        float[] layer = new float[(_width + 1) * _classes];
        SoftmaxRegression.Fit(_rows, _labels, _classes, decay, layer, _cancel);
        float[] weight = new float[_classes * _width], bias = layer[(_width * _classes)..];
        for (int f = 0; f < _width; f++)
        {
            for (int c = 0; c < _classes; c++)
            {
                float w = layer[(f * _classes) + c] / _deviation[f];
                weight[(c * _width) + f] = w;
                bias[c] -= w * _mean[f];
            }
        }
        return new LinearHead(_classes, weight, bias, new TeacherHeadFacts(name, _width, _images, top1, decay));
    }

    /// <summary>The fold of each image; those of a class are in all folds alike.</summary>
    private static int[] Divide(int[] labels, ulong seed)
    {
        int[] folds = new int[labels.Length];
        var next = new Dictionary<int, int>();
        foreach (int image in CounterRandom.Permutation(labels.Length, seed, 0x48454144))
        {
            int place = next.GetValueOrDefault(labels[image]);
            folds[image] = (place + labels[image]) % Folds;
            next[labels[image]] = place + 1;
        }
        return folds;
    }

    /// <summary>Mean and deviation of each feature; one that hardly varies keeps its size.</summary>
    private static (float[] Mean, float[] Deviation) Statistics(float[] features, int width)
    {
        int rows = features.Length / width;
        double[] sum = new double[width], squares = new double[width];
        for (int i = 0; i < features.Length; i++)
        {
            sum[i % width] += features[i];
            squares[i % width] += (double)features[i] * features[i];
        }

        float[] mean = [.. sum.Select(s => (float)(s / rows))];
        double[] deviation = [.. squares.Select((s, f) => Math.Sqrt(Math.Max(0, (s / rows) - (sum[f] / rows * (sum[f] / rows)))))];
        double least = 1e-2 * deviation.Average();
        return (mean, [.. deviation.Select(d => (float)(d > least ? d : Math.Max(least, 1e-6)))]);
    }
}
