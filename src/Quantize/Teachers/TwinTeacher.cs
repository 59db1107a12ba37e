namespace EdgeVit.Quantize;

/// <summary>The student's own topology in float as teacher.</summary>
internal static class TwinTeacher
{
    internal static TeacherKind Kind { get; } = new("twin", t => new BinaryViT(t.Student, Precision.Float))
    {
        Title = t => $"float twin of {t.Student.Name}",
        Description = "the student's float twin",
        OfStudent = true,
        Epochs = 15,
    };
}
