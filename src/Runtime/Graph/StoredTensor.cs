namespace EdgeVit.Runtime;

/// <summary>Element types of a stored tensor. Sign bits are stored as <see cref="U64"/> words, <c>[rows, ceil(K / 64)]</c>, little-endian,
/// bit k of the row in word k / 64 at position k mod 64, 1 = +1, padding bits 0.</summary>
internal enum StoredType
{
    /// <summary>32-bit float.</summary>
    F32,

    /// <summary>16-bit float, widened at load.</summary>
    F16,

    /// <summary>64-bit words of sign bits.</summary>
    U64,

    /// <summary>64-bit signed integers.</summary>
    I64,
}

/// <summary>A tensor as it lies in a file: little-endian, row-major.</summary>
/// <param name="Name">Unique within the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Bytes">Exactly the elements.</param>
internal sealed record StoredTensor(string Name, StoredType Type, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Bytes);
