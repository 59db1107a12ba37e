using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>Times as people type them: <c>250ms</c>, <c>90s</c>, <c>9m</c>, <c>1h30m</c>; a bare number counts seconds.</summary>
internal static partial class Duration
{
    /// <summary>Reads a time; null where the text is none, or 0.</summary>
    public static TimeSpan? Parse(string text)
    {
        Match match = Pattern().Match(text);
        if (!match.Success)
        {
            return null;
        }

        double Part(string name) => match.Groups[name].Success ? double.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture) : 0;
        double seconds = (3600 * Part("h")) + (60 * Part("m")) + Part("s") + (Part("ms") / 1000);
        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
    }

    [GeneratedRegex("^(?:(?<s>[0-9]{1,9}(?:\\.[0-9]+)?)|(?<ms>[0-9]{1,9}(?:\\.[0-9]+)?)ms|(?:(?<h>[0-9]{1,6}(?:\\.[0-9]+)?)h)?(?:(?<m>[0-9]{1,6}(?:\\.[0-9]+)?)m)?(?:(?<s>[0-9]{1,9}(?:\\.[0-9]+)?)s)?)\\z")]
    private static partial Regex Pattern();
}
