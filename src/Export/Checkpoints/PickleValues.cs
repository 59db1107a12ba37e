using EdgeVit.Runtime;

namespace EdgeVit.Export;

// What a pickle can hold here: null, bool, long, BigInteger, double, string, byte[] and these. None of them is a .NET type that the file names.

internal sealed record PickleTuple(object?[] Items);

/// <summary>A list or a set.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dict in the order of insertion. Keys are not hashed: a file could choose them to collide.</summary>
internal sealed class PickleDict
{
    public List<KeyValuePair<object?, object?>> Items { get; } = [];
}

/// <summary>What calling or naming an allowed global means.</summary>
internal enum GlobalKind
{
    /// <summary>Makes an empty dict, or one from pairs.</summary>
    Dict,

    /// <summary>Makes a list from one.</summary>
    List,

    /// <summary>Makes the tuple that it is given.</summary>
    Tuple,

    /// <summary>Makes something that is not looked into.</summary>
    Opaque,

    /// <summary>Makes an empty dict, whatever makes its missing values.</summary>
    DefaultDict,

    /// <summary>Of another program: makes something that is not looked into.</summary>
    Foreign,

    /// <summary>A storage type; cannot be called.</summary>
    StorageType,

    /// <summary>An element type; cannot be called.</summary>
    ElementType,

    /// <summary>Makes a tensor from a storage, an offset, sizes and strides.</summary>
    Tensor,

    /// <summary>The same with an element type.</summary>
    TypedTensor,

    /// <summary>Passes its first argument, a tensor, on.</summary>
    Parameter,

    /// <summary>Calls its first argument, one of the tensor makers, with its third.</summary>
    FromType,
}

/// <summary>A class or function that the file names and that is on the list; its code does not exist here.</summary>
internal sealed record PickleGlobal(string Name, GlobalKind Kind, SafetensorsType? Type = null);

/// <summary>An object of an allowed type that is not looked into.</summary>
internal sealed record PickleOpaque(string Name);

/// <summary>A reference to a storage.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">Element type; null for untyped bytes.</param>
/// <param name="Root">Elements of the whole storage (bytes for an untyped one).</param>
/// <param name="Offset">First element of a view of it (legacy files).</param>
internal sealed record PickleStorage(string Key, SafetensorsType? Type, long Root, long Offset);

/// <summary>A tensor as the file describes it, unchecked.</summary>
internal sealed record PickleTensor(PickleStorage Storage, SafetensorsType Type, long Offset, long[] Shape, long[] Strides);
