namespace EdgeVit.Quantize;

/// <summary>The teachers of a conversion that come from files, open as long as a plan measures: their memory is the conversion's.</summary>
internal sealed class KnownTeachers : IDisposable
{
    private readonly List<OpenedTeacher> _teachers = [], _theirs = [];

    /// <summary>Whom the student learns from.</summary>
    internal IReadOnlyList<OpenedTeacher> Teachers => _teachers;

    /// <summary>Whom a teacher that is trained here learns from.</summary>
    internal IReadOnlyList<OpenedTeacher> Theirs => _theirs;

    /// <summary>Opens all of them.</summary>
    /// <exception cref="ConvertException">One cannot be used.</exception>
    internal static KnownTeachers Open(RunContext run, RunInputs inputs)
    {
        var known = new KnownTeachers();
        try
        {
            Open(run, inputs, run.Options.Teacher, known._teachers);
            Open(run, inputs, run.Options.TeachersTeacher ?? "", known._theirs);
            return known;
        }
        catch
        {
            known.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (OpenedTeacher teacher in _teachers.Concat(_theirs))
        {
            teacher.Dispose();
        }
    }

    private static void Open(RunContext run, RunInputs inputs, string names, List<OpenedTeacher> opened)
    {
        IConvertProgress progress = TeacherFiles.Said(run, inputs.Data);
        foreach (string name in TeacherList.Split(names).Where(static n => n != TeacherList.None && TeacherTable.Find(n) is null))
        {
            OpenedTeacher teacher = TeacherFiles.Open(name, run.Options, inputs.Data.Source, inputs.Network, inputs.Device, progress, heads: !inputs.Data.Unlabelled);
            opened.Add(teacher);
            if (teacher.Backbone is { } backbone)
            {
                progress.Report(new Note($"{backbone.Name}: {backbone.Text}"));
            }
        }
    }
}
