using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>The mixers of a stage's blocks, by turns: one for all of them, or several, <c>conv3+attention</c>. By default attention.</summary>
[JsonConverter(typeof(MixerCycleJson))]
internal readonly record struct MixerCycle
{
    /// <summary>The most mixers that take turns.</summary>
    public const int MostKinds = 64;

    private const char Joint = '+';

    // Null for attention alone, so that the default is a stage that says nothing.
    private readonly string? _names;

    private MixerCycle(string? names) => _names = names;

    /// <summary>The mixers of one turn.</summary>
    public IReadOnlyList<MixerKind> Kinds => [.. ToString().Split(Joint).Select(n => MixerKinds.Parse(n)!.Value)];

    /// <summary>Whether some block attends.</summary>
    public bool Attends => Has(MixerKind.Attention);

    public bool Has(MixerKind kind) => Kinds.Contains(kind);

    /// <summary>The mixer of a block, counted from 0 within the stage.</summary>
    public MixerKind At(int block) => Kinds is var kinds ? kinds[block % kinds.Count] : default;

    /// <summary>The first block of a kind; -1 for none.</summary>
    public int First(MixerKind kind) => Kinds.ToList().IndexOf(kind);

    /// <summary>How many blocks of a kind are before a block.</summary>
    public int Before(int block, MixerKind kind)
    {
        MixerCycle cycle = this;
        return Enumerable.Range(0, block).Count(b => cycle.At(b) == kind);
    }

    /// <summary>The mixers of a text, <c>kind+kind+...</c>; null where it is none.</summary>
    public static MixerCycle? Parse(string? names)
    {
        string[] kinds = names?.Split(Joint) ?? [];
        return kinds.Length is >= 1 and <= MostKinds && kinds.All(n => MixerKinds.Parse(n) is not null) ? Of([.. kinds.Select(n => MixerKinds.Parse(n)!.Value)]) : null;
    }

    /// <summary>Mixers that take turns, in as few as say the same.</summary>
    public static MixerCycle Of(IReadOnlyList<MixerKind> kinds)
    {
        int turn = Enumerable.Range(1, kinds.Count).First(t => kinds.Count % t == 0 && Enumerable.Range(0, kinds.Count).All(i => kinds[i] == kinds[i % t]));
        return turn == 1 && kinds[0] == MixerKind.Attention ? default : new(string.Join(Joint, kinds.Take(turn).Select(MixerKinds.Name)));
    }

    public override string ToString() => _names ?? MixerKinds.Name(MixerKind.Attention);

    public static implicit operator MixerCycle(MixerKind kind) => Of([kind]);
}

internal sealed class MixerCycleJson() : NamedChoiceJson<MixerCycle>(
    "mixer", MixerCycle.Parse, static c => c.ToString(), $"{MixerKinds.Names}, or 2 to {MixerCycle.MostKinds} of them that take turns, such as conv3+attention");
