namespace EdgeVit.Export;

/// <summary>A checkpoint that cannot be read or is not understood: not a checkpoint, damaged, truncated, of a kind that is not supported, or made
/// to harm. The message says what, where, found, expected and what to do; a program prints it without a stack trace.</summary>
public sealed class CheckpointException : ModelFormatException
{
    /// <summary>Whether it is for the person who named a part of the checkpoint to name another, so that a program ends as it does for a wrong option.</summary>
    public bool IsUsage { get => field || InnerException is CheckpointException { IsUsage: true }; init; }

    /// <summary>Creates the exception with a complete message.</summary>
    public CheckpointException(string message) : base(message) { }

    /// <summary>Creates the exception with a complete message and the failure behind it.</summary>
    public CheckpointException(string message, Exception innerException) : base(message, innerException) { }
}
