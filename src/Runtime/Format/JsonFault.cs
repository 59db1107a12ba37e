using System.Text.Json;
using System.Text.RegularExpressions;

namespace EdgeVit.Runtime;

/// <summary>What is wrong with a JSON text, in a user's words.</summary>
internal static partial class JsonFault
{
    /// <summary>The fault, without a full stop: where, and what was found there.</summary>
    internal static string Of(JsonException e)
    {
        if (e.Message.Contains("maximum configured depth", StringComparison.Ordinal))
        {
            return $"it is nested to a depth that is not read{Place(e)}";
        }

        if (Quoted().Match(e.Message) is { Success: true } twice && e.Message.StartsWith("Duplicate", StringComparison.Ordinal))
        {
            return $"it has the key '{twice.Groups[1].Value}' twice{Place(e)}";
        }

        if (IsSyntax(e) || IsSyntax(e.InnerException))
        {
            return $"it is no JSON{Place(e)}";
        }

        if (Quoted().Matches(e.Message[Math.Max(0, e.Message.IndexOf(": ", StringComparison.Ordinal))..]) is { Count: > 0 } missing && e.Message.Contains("missing required", StringComparison.Ordinal))
        {
            return $"it lacks {string.Join(", ", missing.Select(static m => $"'{m.Groups[1].Value}'"))}";
        }

        if (Quoted().Match(e.Message) is { Success: true } key && e.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return $"it has an unknown key '{key.Groups[1].Value}'";
        }

        // Ours say what they mean.
        return IsOfLibrary(e) ? $"it has a value of the wrong kind{Key(e)}{Place(e)}" : e.Message.TrimEnd('.');
    }

    private static bool IsOfLibrary(JsonException e) => e.InnerException is not null || Library().IsMatch(e.Message);

    private static bool IsSyntax(Exception? e) => e?.GetType().Name == "JsonReaderException";

    private static string Key(JsonException e) => e.Path is { Length: > 2 } path ? $" for '{path[2..]}'" : "";

    private static string Place(JsonException e) => e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine.GetValueOrDefault() + 1})" : "";

    [GeneratedRegex("could not be converted|doesn't allow|deserializ", RegexOptions.IgnoreCase)]
    private static partial Regex Library();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();
}
