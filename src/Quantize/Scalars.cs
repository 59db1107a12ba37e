using TorchSharp;

namespace EdgeVit.Quantize;

/// <summary>The numbers that tensor operations are given. TorchSharp passes the address of a <see cref="Scalar"/> to libtorch and holds the object no longer:
/// where nothing else does, a garbage collection of any thread can free it while libtorch reads it, and another number is read, or none. So the
/// conversions from numbers to scalars must not be used, nor members of TorchSharp that make scalars themselves, among them <c>tensor + tensor</c>,
/// whose <c>alpha</c> is one.</summary>
internal static class Scalars
{
    /// <summary>A thread's scalars that are held: many more than a statement makes.</summary>
    internal const int Held = 256;

    /// <summary>The integers 1, which is also the factor <c>alpha</c> of plain sums, and 0.</summary>
    internal static readonly Scalar One = 1.ToScalar(), Zero = 0.ToScalar();

    [ThreadStatic]
    private static Scalar[]? s_ring;

    [ThreadStatic]
    private static int s_next;

    /// <summary>A 32-bit integer for a call that follows at once: it lives until this thread has made <see cref="Held"/> others.</summary>
    internal static Scalar Number(int value) => Hold(value.ToScalar());

    /// <summary>A 64-bit integer, likewise.</summary>
    internal static Scalar Number(long value) => Hold(value.ToScalar());

    /// <summary>A 32-bit float, likewise.</summary>
    internal static Scalar Number(float value) => Hold(value.ToScalar());

    /// <summary>A 64-bit float, likewise.</summary>
    internal static Scalar Number(double value) => Hold(value.ToScalar());

    /// <summary>A truth value, likewise.</summary>
    internal static Scalar Number(bool value) => Hold(value.ToScalar());

    /// <summary>Takes the place of the oldest, which its finalizer frees.</summary>
    private static Scalar Hold(Scalar scalar)
    {
        Scalar[] ring = s_ring ??= new Scalar[Held];
        ring[s_next] = scalar;
        s_next = (s_next + 1) % Held;
        return scalar;
    }
}
