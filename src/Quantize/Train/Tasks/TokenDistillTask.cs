using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>DeiT's hard distillation (Touvron et al. 2021): the class token learns the labels, the distillation token the teacher's decisions, half
/// the loss each.</summary>
/// <param name="Network">A transformer with a distillation token.</param>
/// <param name="Smoothing">Share of the label's weight that all classes divide, 0 to 1.</param>
internal sealed record TokenDistillTask(SmallViT Network, ITeacher Teacher, double Smoothing = 0) : ITrainingTask
{
    public nn.Module<Tensor, Tensor> Model => Network;

    public Division? Division { get; init; }

    public Tensor Loss(Tensor images, Tensor labels, Batch batch)
    {
        (Tensor own, Tensor? distilled) = Network.Both(images);
        Tensor decisions;
        using (no_grad())
        {
            decisions = Teacher.Logits(images, batch).argmax(1);
        }

        return LabelLoss.Of(own, labels, batch, Smoothing).add(F.cross_entropy(distilled!, decisions), One) / Number(2);
    }
}
