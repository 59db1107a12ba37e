using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Numbers as people read them; always with a decimal point.</summary>
internal static class Quantity
{
    public static string Fixed(double value, int decimals) => value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>An integer with thousands separated by commas.</summary>
    public static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes as B, KB, MB or GB, powers of ten.</summary>
    public static string Bytes(double bytes) => ByteText.Of(bytes);

    /// <summary>A count of operations with a decimal prefix.</summary>
    public static string Operations(double count) => count switch
    {
        0 => "-",
        < 1e3 => Fixed(count, 0),
        < 1e6 => $"{Fixed(count / 1e3, 1)} K",
        < 1e9 => $"{Fixed(count / 1e6, 1)} M",
        _ => $"{Fixed(count / 1e9, 2)} G",
    };

    /// <summary>Milliseconds with three significant digits or so.</summary>
    public static string Milliseconds(double ms) => Fixed(ms, ms < 1 ? 4 : ms < 10 ? 3 : ms < 100 ? 2 : 1);

    /// <summary>A share of one as percent.</summary>
    public static string Percent(double share, int decimals = 1) => $"{Fixed(100 * share, decimals)} %";

    /// <summary>A time span as <c>42s</c>, <c>3m05s</c> or <c>2h07m</c>.</summary>
    public static string Time(TimeSpan span) => span switch
    {
        _ when span < TimeSpan.FromSeconds(10) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F1}s"),
        _ when span < TimeSpan.FromMinutes(1) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F0}s"),
        _ when span < TimeSpan.FromHours(1) => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes}m{span.Seconds:00}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}h{span.Minutes:00}m"),
    };

    /// <summary>A value for JSON, rounded so that files stay readable; null stays null, as do numbers that JSON has no word for.</summary>
    public static System.Text.Json.Nodes.JsonNode? Json(double? value, int decimals = 4) =>
        value is { } number && double.IsFinite(number) ? System.Text.Json.Nodes.JsonValue.Create(Math.Round(number, decimals)) : null;
}
