using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EdgeVit.Imaging;

/// <summary>Tells images with the same pixels.</summary>
internal static class PixelHash
{
    /// <summary>Half of the pixels' SHA-256; never 0.</summary>
    internal static UInt128 Of(ReadOnlySpan<byte> pixels)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(pixels, hash);
        return MemoryMarshal.Read<UInt128>(hash) | UInt128.One;
    }
}
