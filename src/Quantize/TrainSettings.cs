using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>How gradients become steps.</summary>
internal enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay: serves every network.</summary>
    AdamW,

    /// <summary>Gradient descent with Nesterov's momentum: what convolutions learn fastest by, at rates around one.</summary>
    Nesterov,
}

/// <summary>How a network is trained. Everything that changes the outcome is here and is compared when a run is resumed.</summary>
internal sealed record TrainSettings
{
    /// <summary>Optimizer steps in all, 1 to 100 million.</summary>
    public required long Steps { get; init; }

    /// <summary>Images per step, 2 to 65536.</summary>
    public int BatchSize { get; init; } = 128;

    public OptimizerKind Optimizer { get; init; }

    /// <summary>Share of the old step in the new one with <see cref="OptimizerKind.Nesterov"/>, 0 to 0.999.</summary>
    public double Momentum { get; init; } = 0.85;

    /// <summary>Factor on the rate of offsets and scales with <see cref="OptimizerKind.Nesterov"/>, 1 to 1000.</summary>
    public double BiasRate { get; init; } = 1;

    /// <summary>Peak learning rate, above 0 and at most 1; at most 10 with <see cref="OptimizerKind.Nesterov"/>.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps that warm up, 0 to 0.5; at most 200 steps.</summary>
    public double Warmup { get; init; } = 0.05;

    /// <summary>Decoupled weight decay, 0 to 1. 0 for binary networks: decay drags latent weights to where their signs flip.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Gradients are scaled down to this norm, above 0.</summary>
    public double GradientNorm { get; init; } = 5;

    /// <summary>Factor on the rate of the attention's clips and temperatures, 0 to 1.</summary>
    public double ClipRate { get; init; } = 0.1;

    /// <summary>Evaluations over the run, 1 to 1000, evenly spread; the last is at the end.</summary>
    public int Evaluations { get; init; } = 10;

    /// <summary>Images per evaluation batch, 1 to 65536.</summary>
    public int EvaluationBatch { get; init; } = 256;

    /// <summary>Images that are evaluated at a time: attention between all tokens takes memory by the square of their number.</summary>
    internal static int EvaluationImages(int side) => (int)Math.Clamp(256 * Math.Pow(32.0 / side, 4), 8, 256);

    /// <summary>Parts of a batch whose gradients are added up before the step, 1 to half the batch; norms see each part apart.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Whether products and convolutions are computed in bfloat16; evaluations of a student are not.</summary>
    public bool MixedPrecision { get; init; }

    /// <summary>How weights and activations become bits; means nothing to float networks.</summary>
    public BinarizationSettings Binarization { get; init; } = new();

    /// <summary>What is left out of a student at random, and whether a mean of its floats is kept.</summary>
    public Regularization Regularization { get; init; } = Regularization.None;

    /// <summary>Seed of order and augmentation.</summary>
    public ulong Seed { get; init; } = 1;

    public LearningRate Schedule => new(LearningRate, Math.Min(200, (long)(Warmup * Steps)), Steps);

    /// <summary>Checks every setting and returns them.</summary>
    /// <exception cref="ConvertException">Settings out of range; the message names each with its range.</exception>
    public TrainSettings Validate(string phase)
    {
        List<string> faults = [];
        void Check(string name, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"{phase}.{name} is {value}, expected {least} to {most}"));
            }
        }

        Check("steps", Steps, 1, 1e8);
        Check("batch", BatchSize, 2, 65536);
        Check("learningRate", LearningRate, 1e-9, Optimizer == OptimizerKind.Nesterov ? 10 : 1);
        Check("momentum", Momentum, 0, 0.999);
        Check("biasRate", BiasRate, 1, 1000);
        Check("warmup", Warmup, 0, 0.5);
        Check("weightDecay", WeightDecay, 0, 1);
        Check("gradientNorm", GradientNorm, 1e-6, 1e6);
        Check("clipRate", ClipRate, 0, 1);
        Check("accumulate", Accumulate, 1, Math.Max(1, BatchSize / 2));
        Binarization.Check(faults);
        Regularization.Check(faults);
        Check("evaluations", Evaluations, 1, 1000);
        Check("evaluationBatch", EvaluationBatch, 1, 65536);
        return faults.Count == 0 ? this : throw new ConvertException($"Settings out of range: {string.Join("; ", faults)}.", ConvertException.Usage);
    }
}
