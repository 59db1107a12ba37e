namespace EdgeVit.Cli;

/// <summary>An option whose value is a time within bounds; null where it was not given.</summary>
internal sealed class TimeOption : ValueOption<TimeSpan?>
{
    private readonly string _least, _most;

    /// <summary>Declares it; the bounds are times as people type them.</summary>
    public TimeOption(string name, string least, string most) : base(name)
    {
        (_least, _most) = (least, most);
        HelpName = "TIME";
    }

    public override string Expected => $"a time such as 90s, 9m or 1h30m, {Range}";

    public override string Range => $"{_least} to {_most}";

    /// <summary>A time as this option takes it.</summary>
    /// <exception cref="UserException">It is none, or out of the bounds.</exception>
    public TimeSpan Read(string text) => Read(text, out TimeSpan? value) is { } fault ? throw new UserException($"{Name} {fault}", ExitCode.Usage) : value!.Value;

    protected override string? Read(string text, out TimeSpan? value)
    {
        value = Duration.Parse(text);
        if (value is null)
        {
            return $"is '{text}', expected {Expected}.{Number.Hint(text)}";
        }

        return value >= Duration.Parse(_least) && value <= Duration.Parse(_most) ? null : $"is '{text}', expected {Range}.";
    }
}
