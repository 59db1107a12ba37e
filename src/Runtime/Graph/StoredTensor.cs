namespace EdgeVit.Runtime;

/// <summary>Element types of a stored tensor. Sign bits are stored as <see cref="U64"/> words, <c>[rows, ceil(K / 64)]</c>, little-endian,
/// bit k of the row in word k / 64 at position k mod 64, 1 = +1, padding bits 0; <see cref="F16"/> is widened to 32 bits at load.</summary>
internal enum StoredType
{
    F32, F16, U64, I64, I8,
}

/// <summary>A tensor as it is stored in a file: little-endian, row-major, sizes outermost first. Its name is unique within the file.</summary>
internal sealed record StoredTensor(string Name, StoredType Type, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Bytes);
