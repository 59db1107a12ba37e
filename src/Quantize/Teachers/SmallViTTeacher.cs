namespace EdgeVit.Quantize;

/// <summary>A <see cref="SmallViT"/> as teacher; with a distillation token it learns from a teacher, too.</summary>
internal static class SmallViTTeacher
{
    internal static TeacherKind Kind(string name, ViTForm form) => new(name, t => new SmallViT(t.Classes, t.ImageSize, form))
    {
        Title = _ => name,
        NeedsTeacher = form.DistillationToken,
        Divides = true,
        Pretrains = true,
        Epochs = 30,
        LearningRate = 1e-3,
    };
}
