using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>Numbers of a command line: digits, a sign, a decimal point and, where it is no whole number, an exponent. No blanks, no separators of
/// thousands, nothing that a number of this machine cannot hold.</summary>
internal static class Number
{
    private const NumberStyles Whole = NumberStyles.AllowLeadingSign;
    private const NumberStyles Real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Reads a whole number of 32 bits.</summary>
    public static bool TryWhole(ReadOnlySpan<char> text, out int value) => int.TryParse(text, Whole, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a whole number of 64 bits.</summary>
    public static bool TryWhole(ReadOnlySpan<char> text, out long value) => long.TryParse(text, Whole, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a whole number of 64 bits that is not negative.</summary>
    public static bool TryWhole(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(text, Whole, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a finite number; one so small that it would become 0 is none.</summary>
    public static bool TryReal(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, Real, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) && (value != 0 || !HasValue(text));

    /// <summary>The same for 32 bits.</summary>
    public static bool TryReal(ReadOnlySpan<char> text, out float value)
    {
        bool read = TryReal(text, out double exact);
        value = (float)exact;
        return read && float.IsFinite(value) && (value != 0 || exact == 0);
    }

    /// <summary>What to tell who typed something that is no number: empty where there is nothing to tell.</summary>
    public static string Hint(string text) =>
        text.Contains(',', StringComparison.Ordinal) && text.Any(char.IsAsciiDigit) ? " Numbers have a decimal point and no separators of thousands: 0.5, 1000." : "";

    private static bool HasValue(ReadOnlySpan<char> text)
    {
        int exponent = text.IndexOfAny('e', 'E');
        return text[..(exponent < 0 ? text.Length : exponent)].IndexOfAnyInRange('1', '9') >= 0;
    }
}
