using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>What a run learns: it owns the network and the loss.</summary>
public interface ITrainingTask
{
    /// <summary>The network that is trained, images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c>.</summary>
    nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The loss of a batch, a scalar, with its graph.</summary>
    /// <param name="images"><c>[B, 3, H, W]</c>, on the network's device.</param>
    /// <param name="labels"><c>[B]</c>, on the network's device.</param>
    /// <param name="batch">Where they come from.</param>
    Tensor Loss(Tensor images, Tensor labels, Batch batch);
}

/// <summary>Learns the labels by cross-entropy: how teachers are trained.</summary>
/// <param name="Model">The network.</param>
public sealed record ClassifyTask(nn.Module<Tensor, Tensor> Model) : ITrainingTask
{
    /// <inheritdoc/>
    public Tensor Loss(Tensor images, Tensor labels, Batch batch) => F.cross_entropy(Model.call(images), labels);
}

/// <summary>Learns a teacher's logits: <c>w T² KL(teacher/T, student/T) + (1 - w) CE(labels)</c>, means over the batch.</summary>
/// <param name="Model">The student.</param>
/// <param name="Teacher">Whom it learns from.</param>
/// <param name="Temperature">T, softens both distributions; positive.</param>
/// <param name="Weight">w, the share of the teacher, 0 to 1.</param>
public sealed record DistillTask(nn.Module<Tensor, Tensor> Model, ITeacher Teacher, double Temperature = 2, double Weight = 0.9) : ITrainingTask
{
    /// <inheritdoc/>
    public Tensor Loss(Tensor images, Tensor labels, Batch batch)
    {
        Tensor target = Teacher.Logits(images, batch);
        return Loss(Model.call(images), target, labels);
    }

    /// <summary>The loss of student logits and teacher logits <c>[B, classes]</c>.</summary>
    public Tensor Loss(Tensor logits, Tensor teacherLogits, Tensor labels)
    {
        Tensor student = (logits / Temperature).log_softmax(1);
        Tensor teacher = (teacherLogits / Temperature).log_softmax(1);
        Tensor divergence = F.kl_div(student, teacher, log_target: true, reduction: nn.Reduction.Sum) / logits.shape[0];
        return (divergence * (Weight * Temperature * Temperature)) + (F.cross_entropy(logits, labels) * (1 - Weight));
    }
}
