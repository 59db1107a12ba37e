using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What joins processes: values by name that all see, and operations that all take part in, in the same order. Every method fails with
/// an <see cref="System.Runtime.InteropServices.ExternalException"/> where another process has gone.</summary>
internal interface IConnection : IDisposable
{
    /// <summary>Sets a value.</summary>
    void Set(string key, string value);

    /// <summary>A value, or null where none is set; never waits.</summary>
    string? Get(string key);

    /// <summary>Adds to a number, which begins at 0, and returns it.</summary>
    long Add(string key, long value);

    /// <summary>Makes the operations below possible: returns when all others have called it, too.</summary>
    void Meet();

    /// <summary>Replaces numbers by their sums over the processes.</summary>
    void Sum(Span<double> values);

    /// <summary>Replaces tensors by their sums.</summary>
    void Sum(IReadOnlyList<Tensor> tensors);

    /// <summary>Replaces tensors by those of rank 0.</summary>
    void Broadcast(IReadOnlyList<Tensor> tensors);

    /// <summary>Ends the operations for this process, and thereby those that others wait in; values can still be set and read.</summary>
    void Leave();
}
