using System.Globalization;

namespace EdgeVit.Runtime;

/// <summary>Numbers of bytes for people.</summary>
internal static class ByteText
{
    /// <summary>Bytes with a decimal prefix.</summary>
    internal static string Of(double bytes) => bytes switch
    {
        < 1e3 => string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} B"),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} KB"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F2} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB"),
    };
}
