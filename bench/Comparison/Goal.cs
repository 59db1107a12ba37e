using System.Globalization;
using EdgeVit.Cli;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>One line of what the runtime must reach.</summary>
/// <param name="What">The quantity.</param>
/// <param name="Measured">Its value.</param>
/// <param name="Spread">Its range, where it is a ratio of rounds.</param>
/// <param name="Limit">What it must be.</param>
/// <param name="AtLeast">Whether the limit is a lower one.</param>
/// <param name="Unit">ms, MB, or x for ratios.</param>
internal sealed record Goal(string What, double Measured, Spread? Spread, double Limit, bool AtLeast, string Unit)
{
    /// <summary>Whether it is reached.</summary>
    public bool Met => AtLeast ? Measured >= Limit : Measured <= Limit;

    /// <summary>The value as in tables.</summary>
    public string Value => Unit == "x" ? $"{Text(Measured)}x ({Text(Spread!.Value.Low)} to {Text(Spread.Value.High)})" : $"{Text(Measured)} {Unit}";

    /// <summary>The limit as in tables.</summary>
    public string Needed => $"{(AtLeast ? "at least" : "at most")} {Limit.ToString("0.##", CultureInfo.InvariantCulture)}{(Unit == "x" ? "x" : $" {Unit}")}";

    /// <summary>The goals that what was measured can answer.</summary>
    public static IReadOnlyList<Goal> Of(IReadOnlyList<ContestantTimes> times, ColdStart? cold)
    {
        var goals = new List<Goal>();
        ContestantTimes? Find(string name) => times.FirstOrDefault(t => t.Contestant.Name == name);
        ContestantTimes? EdgeVit(string network, KernelChoice kernel, int threads = 1) => Find(EdgeVitContestants.Name(network, kernel, threads));
        void Latency(string what, ContestantTimes? of, double limit)
        {
            if (of is not null)
            {
                goals.Add(new Goal(what, of.Median, null, limit, false, "ms"));
            }
        }
        void Ratio(string what, ContestantTimes? slower, ContestantTimes? faster, double limit)
        {
            if (slower is null || faster is null)
            {
                return;
            }

            Spread ratio = InterleavedRounds.Ratio(slower, faster);
            goals.Add(new Goal(what, ratio.Median, ratio, limit, true, "x"));
        }

        KernelChoice best = KernelSets.Best;
        ContestantTimes? small = EdgeVit("binaryvit-small", best);
        Latency($"binaryvit-small, {KernelSets.Name(best)}, one thread", small, 4);
        Ratio("... against DeiT-S fp32", Find(OnnxContestants.DeitName(DeitSize.Small, integers: false)), small, 11);
        Ratio("... against DeiT-S int8", Find(OnnxContestants.DeitName(DeitSize.Small, integers: true)), small, 4.9);
        Ratio("... against DeiT-Ti int8", Find(OnnxContestants.DeitName(DeitSize.Tiny, integers: true)), small, 1.9);
        Ratio("... against its float twin", Find(OnnxContestants.FloatTwinName), small, 40);
        Ratio("... two threads against one", small, EdgeVit("binaryvit-small", best, 2), 1.7);
        Latency("binaryvit-small, avx2, one thread", best == KernelChoice.Avx2 ? null : EdgeVit("binaryvit-small", KernelChoice.Avx2), 9);
        Latency($"binaryvit-32, {KernelSets.Name(best)}, one thread", EdgeVit("binaryvit-32", best), 0.25);
        if (cold is not null)
        {
            goals.Add(new Goal("binaryvit-small, from the file to the first logits", cold.LoadAndFirstMs.Median, null, 60, false, "ms"));
            goals.Add(new Goal("... arena and weights", (cold.ArenaBytes + cold.WeightBytes) / 1e6, null, 24, false, "MB"));
            goals.Add(new Goal("... the process", cold.ResidentBytes / 1e6, null, 80, false, "MB"));
        }
        return goals;
    }

    /// <summary>Three significant digits or so, of what stands in results for programs.</summary>
    public static string Text(double value)
    {
        double rounded = Rounded(value);
        return rounded.ToString(rounded < 1 ? "F3" : rounded < 10 ? "F2" : rounded < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
    }

    /// <summary>A number as in results for programs.</summary>
    public static double Rounded(double value) => Math.Round(value, 4);
}
