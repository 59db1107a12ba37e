namespace EdgeVit.Quantize;

/// <summary>A <see cref="ConvNet"/> as teacher.</summary>
internal static class ConvNetTeacher
{
    internal const string Name = "convnet";

    internal static TeacherKind Kind { get; } = new(Name, t => new ConvNet(t.Classes, t.Width, t.ImageSize))
    {
        Divides = true,
        Prepare = (model, source, train) => ((ConvNet)model).Whiten(source, train),
        Epochs = 8,
        Batch = (128, 512),
        Adjust = s => s with
        {
            Optimizer = OptimizerKind.Nesterov,
            LearningRate = 0.75 * s.BatchSize / 512,
            Warmup = 0.2,
            WeightDecay = 0.00133,
            BiasRate = 64,
            GradientNorm = 1000,
            Evaluations = 8,
        },
    };
}
