namespace EdgeVit.Runtime;

/// <summary>Digests of whole files, as provenance and certificates name them.</summary>
internal static class FileDigest
{
    /// <summary>SHA-256 of what is left in a stream, as 64 lower-case hex digits.</summary>
    public static string Sha256(Stream stream) => EdgeVit.Runtime.Sha256.Hex(stream);
}
