namespace EdgeVit.Runtime;

/// <summary>A model file (or the graph in it) is not what it must be. The message says what, where, what was found and what was expected;
/// it is meant to be printed as it is.</summary>
public sealed class EvitFormatException : Exception
{
    private readonly string? _remedy;

    /// <summary>An error without a message.</summary>
    public EvitFormatException()
    {
    }

    /// <summary>An error with its message.</summary>
    public EvitFormatException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its message and the error that it comes from.</summary>
    public EvitFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What to do about it, a sentence; null where only another copy of the file helps.</summary>
    public string? Remedy
    {
        get => _remedy ?? (InnerException as EvitFormatException)?.Remedy;
        init => _remedy = value;
    }
}
