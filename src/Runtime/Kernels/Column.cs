namespace EdgeVit.Runtime;

/// <summary>The same channels of up to four tokens, a vector each: what an epilogue does with one vector of every parameter. Tokens behind
/// <see cref="ILanes{TVector}.Tokens"/> are not touched.</summary>
internal struct Column<TVector>
    where TVector : struct
{
    internal TVector A;
    internal TVector B;
    internal TVector C;
    internal TVector D;
}
