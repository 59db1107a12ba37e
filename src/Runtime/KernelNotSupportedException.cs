namespace EdgeVit.Runtime;

/// <summary>A kernel set was asked for that this machine can't run, or that does not exist.</summary>
public sealed class KernelNotSupportedException : NotSupportedException
{
    /// <summary>An error without a message.</summary>
    public KernelNotSupportedException()
    {
    }

    /// <summary>An error with its message.</summary>
    public KernelNotSupportedException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its message and the error that it comes from.</summary>
    public KernelNotSupportedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
