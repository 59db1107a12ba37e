namespace EdgeVit.Export;

/// <summary>A network description or a set of trained tensors that cannot be exported: an impossible configuration, an unknown preset,
/// missing or misshaped tensors, an unreadable checkpoint. The message says what, where, found, expected and what to do; a program prints
/// it without a stack trace.</summary>
public class ModelFormatException : Exception
{
    /// <summary>Creates the exception with a complete message.</summary>
    public ModelFormatException(string message) : base(message) { }

    /// <summary>Creates the exception with a complete message and the failure behind it.</summary>
    public ModelFormatException(string message, Exception innerException) : base(message, innerException) { }
}
