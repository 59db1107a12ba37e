namespace EdgeVit.Quantize;

/// <summary>The networks that can be trained here as teachers.</summary>
internal static class TeacherTable
{
    /// <summary>A row for each; the first is the default.</summary>
    internal static IReadOnlyList<TeacherKind> Rows { get; } =
    [
        new("resnet", t => new ResNet(t.Classes, t.Width, t.ImageSize)),
        new("resnet18", t => ResNet.Eighteen(t.Classes, t.Width)),
        new("resnet8", t => ResNet.Eight(t.Classes)) { Title = _ => "resnet8", Epochs = 12 },
        ConvNetTeacher.Kind,
        TwinTeacher.Kind,
        SmallViTTeacher.Kind("vit", new()),
        SmallViTTeacher.Kind("vit-spt", new(ShiftedPatches: true)),
        SmallViTTeacher.Kind("vit-lsa", new(Locality: true)),
        SmallViTTeacher.Kind("sl-vit", new(ShiftedPatches: true, Locality: true)),
        SmallViTTeacher.Kind("deit", new(DistillationToken: true)),
        SmallViTTeacher.Kind("sl-deit", new(ShiftedPatches: true, Locality: true, DistillationToken: true)),
    ];

    /// <summary>The names, for messages.</summary>
    internal static string Names { get; } = string.Join(", ", Rows.Select(r => r.Name));

    /// <summary>The kind of a name; null where nothing of that name is trained here.</summary>
    internal static TeacherKind? Find(string name) => Rows.FirstOrDefault(r => r.Name == name);

    /// <summary>The kind that is trained here among the teachers of an option; null where all come from files.</summary>
    internal static TeacherKind? TrainedOf(string option) => TeacherList.Split(option).Select(Find).FirstOrDefault(k => k is not null);
}
