using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>Sizes as people type them: <c>1500M</c>, <c>1.5G</c>, <c>1.5GiB</c>; a bare number counts bytes. Prefixes are powers of 1000, those with an i of 1024.</summary>
internal static partial class ByteSize
{
    /// <summary>What belongs behind "expected" where a text is no size.</summary>
    public const string Expected = "a size such as 1500M, 8G or 7.5GiB";

    /// <summary>Reads a size, bytes; null where the text is none.</summary>
    public static long? Parse(string text)
    {
        Match match = Pattern().Match(text);
        double bytes = match.Success ? double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        string prefix = match.Groups["prefix"].Value.ToUpperInvariant();
        bytes *= Math.Pow(match.Groups["binary"].Success ? 1024 : 1000, prefix.Length == 0 ? 0 : "KMGT".IndexOf(prefix[0], StringComparison.Ordinal) + 1);
        return bytes is >= 1 and < 1e18 ? (long)bytes : null;
    }

    /// <summary>Reads a size within bounds, bytes; null where the text is none, or another.</summary>
    public static long? Parse(string text, long least, long most) => Parse(text) is { } bytes && bytes >= least && bytes <= most ? bytes : null;

    [GeneratedRegex("^(?<number>[0-9]{1,18}|[0-9]{1,18}\\.[0-9]{1,9}(?= ?[KMGTkmgt]))(?: ?(?:(?<prefix>[KMGTkmgt])(?<binary>i)?[Bb]?|[Bb]))?$")]
    private static partial Regex Pattern();
}
