using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Many runs of a model, several at a time, each thread with a session of its own.</summary>
internal static class SessionRuns
{
    /// <summary>Calls <paramref name="run"/> for 0 to <paramref name="count"/> - 1, in any order.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Each(EvitModel model, int count, int threads, CancellationToken cancel, Action<Session, int> run) =>
        Each(count, threads, cancel, () => model.CreateSession(), run);

    /// <summary>The same with what <paramref name="make"/> makes for each thread.</summary>
    public static void Each<T>(int count, int threads, CancellationToken cancel, Func<T> make, Action<T, int> run)
        where T : IDisposable
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel };
        Parallel.For(0, count, options, make, (i, _, own) =>
        {
            run(own, i);
            return own;
        }, own => own.Dispose());
    }
}
