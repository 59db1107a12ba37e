using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>What a run learns: it owns the network and the loss.</summary>
internal interface ITrainingTask
{
    /// <summary>The network that is trained, images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c>.</summary>
    nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The loss of a batch, a scalar, with its graph.</summary>
    /// <param name="images"><c>[B, 3, H, W]</c>, on the network's device.</param>
    /// <param name="labels"><c>[B]</c>, on the network's device.</param>
    Tensor Loss(Tensor images, Tensor labels, Batch batch);

    /// <summary>Whether the network is a classifier whose accuracy says how far the training is.</summary>
    bool Classifies => true;

    /// <summary>How batches are divided among copies of the network; null where it sees each whole.</summary>
    Division? Division => null;
}

/// <summary>Learns the labels by cross-entropy: how teachers are trained.</summary>
/// <param name="Smoothing">Share of the label's weight that all classes divide (Szegedy et al. 2016), 0 to 1.</param>
internal sealed record ClassifyTask(nn.Module<Tensor, Tensor> Model, double Smoothing = 0) : ITrainingTask
{
    public Division? Division { get; init; }

    public Tensor Loss(Tensor images, Tensor labels, Batch batch) => LabelLoss.Of(Model.call(images), labels, batch, Smoothing);
}

/// <summary>Cross-entropy with the labels of a batch.</summary>
internal static class LabelLoss
{
    /// <summary>The mean loss; where images are mixed, of both labels by their shares.</summary>
    /// <param name="logits"><c>[B, classes]</c>.</param>
    /// <param name="labels"><c>[B]</c>.</param>
    /// <param name="batch">How the images are mixed.</param>
    /// <param name="smoothing">Share of the label's weight that all classes divide, 0 to 1.</param>
    internal static Tensor Of(Tensor logits, Tensor labels, Batch batch, double smoothing)
    {
        Tensor own = F.cross_entropy(logits, labels);
        if (batch.OwnShare < 1)
        {
            own = (own * Number(batch.OwnShare)).add(F.cross_entropy(logits, labels.flip(0)) * Number(1 - batch.OwnShare), One);
        }

        return smoothing == 0 ? own : (own * Number(1 - smoothing)) - (logits.log_softmax(1).mean() * Number(smoothing));
    }
}

/// <summary>Learns a teacher's logits: <c>w T² KL(teacher/T, student/T) + (1 - w) CE(labels)</c>, means over the batch; or, hard, the teacher's
/// decisions: <c>w CE(argmax teacher) + (1 - w) CE(labels)</c> (Touvron et al. 2021, section 4).</summary>
/// <param name="Temperature">T, softens both distributions; positive.</param>
/// <param name="Weight">w, the share of the teacher, 0 to 1; 1 needs no labels.</param>
/// <param name="Hard">Whether the teacher's decisions are learnt instead of its distribution.</param>
internal sealed record DistillTask(nn.Module<Tensor, Tensor> Model, ITeacher Teacher, double Temperature = 2, double Weight = 0.9, bool Hard = false) : ITrainingTask
{
    public Division? Division { get; init; }

    /// <summary>What is learnt of the teacher's features besides: factor on <see cref="SimilarityLoss"/>. Above 0 both networks must show theirs.</summary>
    public double FeatureWeight { get; init; }

    public Tensor Loss(Tensor images, Tensor labels, Batch batch)
    {
        if (FeatureWeight == 0)
        {
            return Loss(Model.call(images), Teacher.Logits(images, batch), labels, batch);
        }

        (Tensor target, Tensor? seen) = Teacher.WithFeatures(images, batch);
        if (Model is not IFeatureNetwork network || seen is null)
        {
            throw new InvalidOperationException($"The teacher {Teacher.Name} shows no features.");
        }

        (Tensor logits, Tensor features) = network.WithFeatures(images);
        return Loss(logits, target, labels, batch).add(SimilarityLoss.Of(features, seen) * Number(FeatureWeight), One);
    }

    /// <summary>The loss of student logits and teacher logits <c>[B, classes]</c>.</summary>
    public Tensor Loss(Tensor logits, Tensor teacherLogits, Tensor labels, Batch batch)
    {
        if (Hard)
        {
            return (F.cross_entropy(logits, teacherLogits.argmax(1)) * Number(Weight)).add(Labels(logits, labels, batch), One);
        }

        Tensor student = (logits / Number(Temperature)).log_softmax(1);
        Tensor teacher = (teacherLogits / Number(Temperature)).log_softmax(1);
        Tensor divergence = F.kl_div(student, teacher, log_target: true, reduction: nn.Reduction.Sum) / Number(logits.shape[0]);
        return (divergence * Number(Weight * Temperature * Temperature)).add(Labels(logits, labels, batch), One);
    }

    private Tensor Labels(Tensor logits, Tensor labels, Batch batch) => LabelLoss.Of(logits, labels, batch, 0) * Number(1 - Weight);
}
