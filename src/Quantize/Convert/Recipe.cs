using EdgeVit.Export;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>The settings of a conversion where the user gave none: by the network, the number of training images and the kind of data.</summary>
/// <param name="TeacherWidth">Channels of the teacher's stem.</param>
internal sealed record Recipe(TrainSettings Teacher, TrainSettings Student, Augmentation Augmentation, int TeacherWidth)
{
    private const int Few = 20_000;

    /// <summary>How the teacher learns from images without labels beforehand; null where it does not.</summary>
    public TrainSettings? Pretraining { get; init; }

    /// <summary>Completes the options.</summary>
    /// <param name="options">What a person decided.</param>
    /// <param name="network">The student.</param>
    /// <param name="labelled">Images that teacher and student learn from.</param>
    /// <param name="kind">What the data was recognised as.</param>
    /// <param name="unlabelled">Images that the student learns from besides.</param>
    /// <exception cref="ConvertException">Settings out of range.</exception>
    public static Recipe For(ConvertOptions options, BinaryViTConfig network, int labelled, string kind, int unlabelled = 0)
    {
        int images = labelled + unlabelled;
        bool few = images <= Few;
        int batch = options.BatchSize ?? (few ? 64 : 128);
        long Steps(double epochs, int size) => Math.Max(1, (long)Math.Round(epochs * Math.Max(1, images / Math.Min(size, images))));

        int most = Math.Max(1, Math.Min(batch, images) / 2);
        if (options.Accumulate > most)
        {
            throw new ConvertException($"--accumulate is {options.Accumulate}, expected 1 to {most}: a part of a batch of {Math.Min(batch, images)} has at least two images.", ConvertException.Usage);
        }

        bool mixed = options.Precision == ConvertOptions.BFloat16;
        int width = TeacherNetwork.UsualWidth(network.ImageSize);
        TeacherKind trained = TeacherTable.TrainedOf(options.Teacher) ?? TeacherTable.Rows[0];
        TrainSettings teacher = new TeacherNetwork(trained, network.Classes, network.ImageSize, width, network).Settings(labelled, options.TeacherEpochs, options.Seed);
        TrainSettings? pretraining = options.Pretrain is null ? null
            : (new TeacherNetwork(trained, network.Classes, network.ImageSize, width, network).Settings(images, options.PretrainEpochs, options.Seed + 2) with { MixedPrecision = mixed }).Validate("pretraining");
        var student = new TrainSettings
        {
            Steps = Steps(options.Epochs ?? UsualEpochs(kind, images), batch),
            BatchSize = Math.Min(batch, images),
            LearningRate = options.LearningRate ?? 5e-3,
            Warmup = 0.03,
            Evaluations = 10,
            EvaluationBatch = TrainSettings.EvaluationImages(network.ImageSize),
            Accumulate = options.Accumulate,
            Binarization = options.Binarization,
            Regularization = options.Regularization,
            MixedPrecision = mixed,
            Seed = options.Seed + 1,
        };
        var augmentation = new Augmentation(
            options.Pad ?? (options.Crop > 0 ? 0 : Math.Max(1, network.ImageSize / 16)),
            options.Flip ?? kind != "IDX",
            options.Erase)
        {
            Mixing = new Mixing(options.Mixup, options.CutMix),
            Crop = options.Crop,
            Operations = options.RandAugment == 0 ? RandAugment.None : new RandAugment(options.RandAugment, options.RandMagnitude),
            Repeats = options.Repeats,
        };
        return new Recipe((teacher with { MixedPrecision = mixed, EvaluationBatch = student.EvaluationBatch }).Validate("teacher"), student.Validate("student"), augmentation, width) { Pretraining = pretraining };
    }

    /// <summary>Passes of a student: fewer images are seen more often, but for the thousands of drawn shapes of the demo, which it has learnt by then.</summary>
    private static double UsualEpochs(string kind, int images) => kind == DatasetFolder.Shapes && images >= 5000 ? 11 : images <= Few ? 22 : 15;
}
