using System.Diagnostics;

namespace EdgeVit.Cli;

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
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static IReadOnlyList<ContestantTimes> Measure(
        IReadOnlyList<Contestant> contestants, TimeSpan budget, Action<int> progress, CancellationToken cancel = default)
    {
        int[] runs = [.. contestants.Select(c => (int)Math.Clamp(TurnMs / WarmUp(c), LeastRuns, MostRuns))];
        var rounds = contestants.Select(_ => new List<double>()).ToArray();
        var all = contestants.Select(_ => new List<double>()).ToArray();
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < 3 || Stopwatch.GetElapsedTime(begin) < budget; round++)
        {
            for (int turn = 0; turn < contestants.Count; turn++)
            {
                // Another one begins each round.
                int i = (turn + round) % contestants.Count;
                cancel.ThrowIfCancellationRequested();
                double[] times = new double[runs[i]];
                contestants[i].Run();
                for (int run = 0; run < times.Length; run++)
                {
                    times[run] = Time(contestants[i]);
                }

                rounds[i].Add(Spread.Of(times).Median);
                all[i].AddRange(times);
            }
            progress(round + 1);
        }
        return [.. contestants.Select((c, i) => new ContestantTimes(c, rounds[i], all[i]))];
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
