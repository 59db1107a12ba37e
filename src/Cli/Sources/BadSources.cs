using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>What to do with sources that cannot be read, and which they were.</summary>
/// <param name="leftOut">Whether leaving them out was asked for, which makes them no failure.</param>
/// <param name="failFast">Whether the first of them ends the run.</param>
internal sealed class BadSources(bool leftOut, bool failFast)
{
    private readonly List<(string Source, string Error)> _bad = [];

    public int Count => _bad.Count;

    /// <summary>Whether the rest is run all the same.</summary>
    public bool GoesOn => !failFast;

    /// <summary>Names a source and why it is left out.</summary>
    public void Add(string source, string error, Printer printer)
    {
        _bad.Add((source, error));
        if (leftOut)
        {
            printer.Warn($"left out: {error}");
        }
        else
        {
            printer.Error(error);
        }
    }

    /// <summary>A list of <c>{source, error}</c>.</summary>
    public JsonArray Json() => new([.. _bad.Select(b => (JsonNode)new JsonObject { ["source"] = b.Source, ["error"] = b.Error })]);

    /// <summary>Says how many there were; returns the exit code.</summary>
    /// <param name="good">How many sources were run.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <param name="printer">Takes the words.</param>
    public int Finish(int good, string what, Printer printer)
    {
        int all = good + Count;
        if (good == 0)
        {
            printer.Error($"none of the {(all == 1 ? "" : $"{all} ")}{what} could be read.");
        }
        else if (Count > 0 && leftOut)
        {
            printer.Say($"{Count} of {all} {what} left out");
        }
        else if (Count > 0)
        {
            printer.Error($"{Count} of {all} {what} could not be read; the others were classified. --skip-bad makes that no failure, --fail-fast stops at the first.");
        }

        return good == 0 || (Count > 0 && !leftOut) ? ExitCode.Failure : ExitCode.Ok;
    }
}
