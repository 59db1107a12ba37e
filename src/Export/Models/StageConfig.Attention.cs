using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <content>Which keys the queries of a stage meet, and what their places add to the scores. Keys that say nothing are left out of files.</content>
internal sealed partial record StageConfig
{
    /// <summary>Rows and columns of the windows within which tokens attend; 0 for none, the whole grid.</summary>
    [JsonPropertyName("window")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int WindowSide { get; init; }

    /// <summary>Which tokens make a window.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public WindowPattern Pattern { get; init; }

    /// <summary>How far every second block of the stage that attends moves its windows, in tokens (Swin: half a window); 0 for not at all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Shift { get; init; }

    /// <summary>What the places of query and key add to the scores.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public BiasKind Bias { get; init; }

    /// <summary>The stage without windows and bias.</summary>
    public StageConfig Plain() => this with { WindowSide = 0, Pattern = WindowPattern.Block, Shift = 0, Bias = BiasKind.None };

    /// <summary>The windows of a block, counted from 0 within the stage; null where it attends to the whole grid or not at all.</summary>
    public WindowForm? WindowOf(int block)
    {
        bool second = Mixer.Before(block, MixerKind.Attention) % 2 != 0;
        return WindowSide == 0 || Mixer.At(block) != MixerKind.Attention || (Pattern == WindowPattern.BlockAll && second)
            ? null
            : new WindowForm(WindowSide, Pattern == WindowPattern.Grid || (Pattern == WindowPattern.BlockGrid && second), second ? Shift : 0);
    }

    /// <summary>Why a stage on a grid of so many rows and columns cannot have these windows.</summary>
    internal IEnumerable<string> WindowFaults(string where, int grid)
    {
        if (!Mixer.Attends && this != Plain())
        {
            string key = WindowSide != 0 ? "window" : Bias != BiasKind.None ? "bias" : Shift != 0 ? "shift" : "pattern";
            yield return $"{where} has {key}, but its mixer {Mixer} has no scores: leave it out, or choose the mixer attention";
            yield break;
        }

        foreach (string fault in WindowSide == 0 ? WithoutWindow(where) : [.. SideFaults(where, grid), .. ShiftFaults(where, grid)])
        {
            yield return fault;
        }
    }

    private IEnumerable<string> WithoutWindow(string where)
    {
        if (Pattern != WindowPattern.Block || Shift != 0)
        {
            string key = Shift != 0 ? $"shift {Shift}" : $"pattern {WindowPatterns.Name(Pattern)}";
            yield return $"{where} has {key} but no window: give window, or leave {key[..key.IndexOf(' ', StringComparison.Ordinal)]} out";
        }
    }

    private IEnumerable<string> SideFaults(string where, int grid)
    {
        if (WindowSide < 0 || grid % WindowSide != 0)
        {
            yield return $"{where} has window {WindowSide}, which does not divide its {grid}x{grid} grid: 0 (none) or {Divisors(grid)} are possible; change window, imageSize or patchSize";
        }

        if (Reduction != 1)
        {
            yield return $"{where} has window {WindowSide} and reduction {Reduction}: windows are of queries and keys of one grid, so reduction must be 1";
        }
    }

    private IEnumerable<string> ShiftFaults(string where, int grid)
    {
        if (Shift != 0 && Pattern != WindowPattern.Block)
        {
            yield return $"{where} has shift {Shift} and pattern {WindowPatterns.Name(Pattern)}: a shift moves the blocks of every second layer, so pattern must be block, or shift be left out";
        }
        else if (Shift < 0 || (WindowSide > 0 && Shift >= WindowSide))
        {
            yield return $"{where} has shift {Shift}, 0 (none) to {WindowSide - 1}, less than its window, are possible";
        }
        else if (Shift > 0 && WindowSide == grid)
        {
            yield return $"{where} has shift {Shift}, but its one window {WindowSide} is the whole grid: leave shift out";
        }
    }

    private static string Divisors(int grid) => string.Join(", ", Enumerable.Range(1, grid).Where(w => grid % w == 0));
}
