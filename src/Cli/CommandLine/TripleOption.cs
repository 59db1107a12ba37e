namespace EdgeVit.Cli;

/// <summary>An option whose value is three numbers, for red, green and blue: <c>0.5,0.5,0.5</c>; null where it was not given.</summary>
internal sealed class TripleOption : ValueOption<float[]>
{
    private readonly bool _positive;

    public TripleOption(string name, bool positive = false) : base(name)
    {
        _positive = positive;
        HelpName = "R,G,B";
    }

    public override string Expected => $"three {(_positive ? "positive " : "")}numbers such as 0.5,0.5,0.5";

    protected override string? Read(string text, out float[]? value)
    {
        value = [.. text.Split(',').Select(s => Number.TryReal(s, out float v) ? v : float.NaN)];
        return value.Length == 3 && value.All(v => float.IsFinite(v) && (v > 0 || !_positive)) ? null : $"is '{text}', expected {Expected}.";
    }
}
