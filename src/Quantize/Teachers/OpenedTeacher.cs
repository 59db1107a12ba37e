namespace EdgeVit.Quantize;

/// <summary>What a file holds: a teacher of the data's classes, or a network that becomes one by a head. One of them is null.</summary>
internal sealed record OpenedTeacher(ITeacher? Teacher, IBackbone? Backbone) : IDisposable
{
    /// <summary>How reports name it.</summary>
    public string Name => Teacher?.Name ?? Backbone!.Name;

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Backbone?.Dispose();
        (Teacher as IDisposable)?.Dispose();
    }
}
