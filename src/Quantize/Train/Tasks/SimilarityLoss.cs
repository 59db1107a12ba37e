using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Similarity-preserving distillation (Tung and Mori 2019): images that are similar to the teacher shall be similar to the student. It compares
/// which images of a batch resemble which, so the widths of the two networks' features need not agree and nothing has to be trained along that is
/// not exported.</summary>
internal static class SimilarityLoss
{
    /// <summary>Mean over the images of the squared distance between their rows of similarities; every row <c>f_i · f_j</c>, j over the batch, is
    /// scaled to unit length.</summary>
    /// <param name="student"><c>[B, F]</c>, with its graph.</param>
    /// <param name="teacher"><c>[B, G]</c>.</param>
    internal static Tensor Of(Tensor student, Tensor teacher) => (Rows(student) - Rows(teacher)).pow(Number(2)).sum() / Number(student.shape[0]);

    private static Tensor Rows(Tensor features) => F.normalize(features.mm(features.t()), 2, 1);
}
