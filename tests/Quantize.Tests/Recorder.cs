namespace EdgeVit.Quantize.Tests;

/// <summary>Keeps the events of a conversion, and does something at each.</summary>
internal sealed class Recorder(Action<ConvertEvent>? then = null) : IConvertProgress
{
    public List<ConvertEvent> Seen { get; } = [];

    /// <summary>Notes and warnings.</summary>
    public IEnumerable<string> Texts => Seen.Select(e => e switch { Note n => n.Text, Warned w => w.Text, _ => "" }).Where(t => t.Length > 0);

    public void Report(ConvertEvent value)
    {
        Seen.Add(value);
        then?.Invoke(value);
    }
}
