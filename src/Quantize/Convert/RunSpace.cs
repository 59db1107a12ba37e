using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>Bytes that a run takes on a disk, decoded images apart.</summary>
/// <param name="Expected">What it writes from its start, roughly.</param>
/// <param name="Checkpoint">The largest file of it, which is there twice while it is replaced.</param>
internal sealed record RunSpace(long Expected, long Checkpoint)
{
    /// <summary>What the newest checkpoint has: weights and two averages of AdamW.</summary>
    private const int Copies = 3;

    /// <summary>What the teacher and all else take, roughly.</summary>
    private const long Others = 128L << 20;

    /// <summary>That of a student: its two checkpoints (weights twice and two averages of AdamW), the newer once more while it is replaced, and the teacher's.</summary>
    internal static RunSpace Of(BinaryViTConfig student)
    {
        long weights = sizeof(float) * new TensorManifest(student).Required.Sum(t => t.Shape.Aggregate(1L, (n, size) => n * size));
        return new RunSpace(((4 + Copies) * weights) + Others, Copies * weights);
    }
}
