using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>An option whose value is a whole number within bounds.</summary>
/// <typeparam name="T">int, long or ulong, or one of them that may be null.</typeparam>
internal sealed class WholeOption<T>(string name, long least, ulong most, params string[] aliases) : ValueOption<T>(name, aliases)
{
    public WholeOption(string name, long least, int most, params string[] aliases) : this(name, least, (ulong)most, aliases)
    {
    }

    public override string Expected => $"a whole number, {Range}";

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"{least}{(IsOpen ? " or more" : $" to {most}")}");

    private bool IsOpen => most >= int.MaxValue;

    private static Type Kind { get; } = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);

    protected override string? Read(string text, out T? value)
    {
        value = default;
        if (Number.TryWhole(text, out long small))
        {
            bool within = small >= least && (small < 0 || (ulong)small <= most);
            value = within ? Value(small) : default;
            return within ? null : string.Create(CultureInfo.InvariantCulture, $"is {small}, expected {(IsOpen && small > least ? $"{least} to {most}" : Range)}.");
        }

        if (Number.TryWhole(text, out ulong large) && large <= most)
        {
            value = (T)(object)large;
            return null;
        }

        if (large > 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"is {large}, expected {least} to {most}.");
        }

        return $"is '{text}', expected {Expected}.{Number.Hint(text)}";
    }

    private static T Value(long number) => (T)(Kind == typeof(int) ? (int)number : Kind == typeof(long) ? number : (object)(ulong)number);
}
