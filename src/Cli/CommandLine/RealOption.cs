using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>An option whose value is a finite number within bounds; null where it was not given.</summary>
internal sealed class RealOption(string name, double least, double most, params string[] aliases) : ValueOption<double?>(name, aliases)
{
    public override string Expected => $"a number, {Range}";

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");

    protected override string? Read(string text, out double? value)
    {
        value = null;
        if (!Number.TryReal(text, out double number))
        {
            return $"is '{text}', expected {Expected}.{Number.Hint(text)}";
        }

        value = number;
        return number >= least && number <= most ? null : $"is {text}, expected {Range}.";
    }
}
