using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeVit.Cli;

/// <summary>What an option takes, for its help and for the message where something else was typed.</summary>
internal interface IValueOption
{
    /// <summary>What belongs behind "expected".</summary>
    string Expected { get; }

    /// <summary>The bounds as the help shows them; null where the option's description says them.</summary>
    string? Range { get; }
}

/// <summary>An option that reads its value strictly: what it does not take is an error that names it, never another value.</summary>
/// <typeparam name="T">What the value becomes; nullable where the option has no default.</typeparam>
internal abstract class ValueOption<T> : Option<T>, IValueOption
{
    protected ValueOption(string name, params string[] aliases) : base(name, aliases)
    {
        CustomParser = Parse;
        Arity = ArgumentArity.ExactlyOne;
    }

    public abstract string Expected { get; }

    public virtual string? Range => null;

    /// <summary>The value, null where the option was not given: the library gives an empty list there.</summary>
    public T? Given(ParseResult arguments) => arguments.GetResult(this) is null ? default : arguments.GetValue(this);

    /// <summary>Reads a text; else says what is wrong with it, as in "is 'x', expected ...".</summary>
    protected abstract string? Read(string text, out T? value);

    private T? Parse(ArgumentResult result)
    {
        string? fault = Read(result.Tokens[^1].Value, out T? value);
        if (fault is not null)
        {
            result.AddError($"{Name} {fault}");
        }

        return value;
    }
}
