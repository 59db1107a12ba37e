using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>Three numbers of an option, for red, green and blue: <c>0.5,0.5,0.5</c>.</summary>
internal static class Triple
{
    /// <summary>Reads the numbers; null for null.</summary>
    /// <exception cref="UserException">It is something else.</exception>
    public static float[]? Parse(string? text, string option, bool positive = false)
    {
        if (text is null)
        {
            return null;
        }

        float[] values = [.. text.Split(',').Select(s => float.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out float v) ? v : float.NaN)];
        return values.Length == 3 && values.All(v => float.IsFinite(v) && (v > 0 || !positive)) ? values
            : throw new UserException($"{option} is '{text}', expected three {(positive ? "positive " : "")}numbers such as 0.5,0.5,0.5.", ExitCode.Usage);
    }
}
