namespace EdgeVit.Quantize;

/// <summary>Whether a network computes with signs or, as its float twin, with the values themselves.</summary>
internal enum Precision
{
    /// <summary>Weights, activations and attention of one bit.</summary>
    Binary,

    /// <summary>The same topology in float: the upper bound of what the binary network can learn, and a teacher for it.</summary>
    Float,
}
