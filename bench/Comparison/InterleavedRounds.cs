using System.Diagnostics;

namespace EdgeVit.Bench;

/// <summary>Times contestants turn by turn, so that whatever the machine does meanwhile (clock, heat, other programs) happens to all of
/// them alike, and compares them within rounds.</summary>
internal static class InterleavedRounds
{
    private const double TurnMs = 25;
    private const int LeastRuns = 2;
    private const int MostRuns = 60;

    /// <summary>Runs rounds until the time is up, at least three. A turn begins with a run that is not timed: it brings the contestant's
    /// data back into the caches.</summary>
    /// <param name="contestants">Each is warmed up first.</param>
    /// <param name="budget">Time for all rounds.</param>
    /// <param name="progress">Told the number of finished rounds.</param>
    public static IReadOnlyList<ContestantTimes> Measure(IReadOnlyList<Contestant> contestants, TimeSpan budget, Action<int> progress)
    {
        int[] runs = [.. contestants.Select(c => (int)Math.Clamp(TurnMs / WarmUp(c), LeastRuns, MostRuns))];
        var rounds = contestants.Select(_ => new List<double>()).ToArray();
        double[] minimum = [.. contestants.Select(_ => double.MaxValue)];
        int[] timed = new int[contestants.Count];
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < 3 || Stopwatch.GetElapsedTime(begin) < budget; round++)
        {
            for (int turn = 0; turn < contestants.Count; turn++)
            {
                // Another one begins each round.
                int i = (turn + round) % contestants.Count;
                double[] times = new double[runs[i]];
                contestants[i].Run();
                for (int run = 0; run < times.Length; run++)
                {
                    times[run] = Time(contestants[i]);
                }

                rounds[i].Add(Spread.Of(times).Median);
                minimum[i] = Math.Min(minimum[i], times.Min());
                timed[i] += times.Length;
            }
            progress(round + 1);
        }
        return [.. contestants.Select((c, i) => new ContestantTimes(c, rounds[i], minimum[i], timed[i]))];
    }

    /// <summary>The shortest of a few runs, for choosing between variants.</summary>
    public static double Best(Contestant contestant, int runs) => Enumerable.Range(0, runs).Min(_ => Time(contestant));

    /// <summary>How many times faster one is than another: the ratio within each round, which other programs' load disturbs least.</summary>
    public static Spread Ratio(ContestantTimes slower, ContestantTimes faster) => Spread.Of(slower.Rounds.Zip(faster.Rounds, (s, f) => s / f));

    // Tiered compilation replaces code after 30 calls and a pause of 100 ms.
    private static double WarmUp(Contestant contestant)
    {
        long begin = Stopwatch.GetTimestamp();
        double best = double.MaxValue;
        for (int run = 0; run < 3 || (Stopwatch.GetElapsedTime(begin).TotalMilliseconds < 400 && run < 200); run++)
        {
            best = Math.Min(best, Time(contestant));
        }

        return best;
    }

    private static double Time(Contestant contestant)
    {
        long start = Stopwatch.GetTimestamp();
        contestant.Run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
