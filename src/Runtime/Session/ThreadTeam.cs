namespace EdgeVit.Runtime;

/// <summary>A session's own few threads. All of them run the same list of steps, each its fixed share of the items, and wait for each other after
/// each step. Waiting spins briefly, then yields; between runs the threads spin briefly, then sleep. A run allocates nothing.</summary>
internal sealed unsafe class ThreadTeam : IDisposable
{
    private const int SpinsBeforeYield = 2000;
    private const int SpinsBeforeSleep = 4000;

    private readonly ExecutionPlan _plan;
    private readonly byte* _arena;
    private readonly byte*[] _scratch;
    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private volatile float* _input;
    private volatile int _run;
    private volatile int _phase;
    private volatile bool _stop;
    private int _arrived;
    private int _sleeping;

    internal ThreadTeam(ExecutionPlan plan, byte* arena, byte*[] scratch)
    {
        _plan = plan;
        _arena = arena;
        _scratch = scratch;
        _threads = new Thread[scratch.Length - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int member = i + 1;
            _threads[i] = new Thread(() => Work(member)) { IsBackground = true, Name = $"edgevit {member}" };
            _threads[i].Start();
        }
    }

    public void Dispose()
    {
        _stop = true;
        Wake();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    /// <summary>Runs all steps on one image; the caller is member 0.</summary>
    internal void Run(float* input, long[]? ticks)
    {
        _input = input;
        if (_threads.Length > 0)
        {
            Wake();
        }

        Steps(0, ticks);
    }

    private void Wake()
    {
        Interlocked.Increment(ref _run);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void Work(int member)
    {
        int seen = 0;
        while (true)
        {
            Await(seen);
            seen++;
            if (_stop)
            {
                return;
            }

            Steps(member, null);
        }
    }

    private void Await(int seen)
    {
        for (int i = 0; i < SpinsBeforeSleep; i++)
        {
            if (_run != seen)
            {
                return;
            }

            Thread.SpinWait(10);
        }

        lock (_gate)
        {
            // The count goes up before the last look, and a waker looks at it after it has counted its run: one of the two sees the other.
            Interlocked.Increment(ref _sleeping);
            while (_run == seen)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }

    private void Steps(int member, long[]? ticks)
    {
        var frame = new Frame(_arena, _scratch[member], _input);
        int members = _scratch.Length;
        PlanStep[] steps = _plan.Steps;
        for (int i = 0; i < steps.Length; i++)
        {
            long start = ticks is null ? 0 : System.Diagnostics.Stopwatch.GetTimestamp();
            PlanStep step = steps[i];
            int begin = Share(step, member, members);
            int end = Share(step, member + 1, members);
            if (begin < end)
            {
                step.Run(frame, begin, end);
            }

            if (members > 1)
            {
                Barrier(members);
            }

            if (ticks is not null)
            {
                ticks[i] += System.Diagnostics.Stopwatch.GetTimestamp() - start;
            }
        }
    }

    /// <summary>Where a member's share begins: whole granules, as even as they come.</summary>
    private static int Share(PlanStep step, int member, int members)
    {
        long granules = (step.Items + step.Granularity - 1) / step.Granularity;
        return (int)Math.Min(step.Items, granules * member / members * step.Granularity);
    }

    private void Barrier(int members)
    {
        int phase = _phase;
        if (Interlocked.Increment(ref _arrived) == members)
        {
            _arrived = 0;
            _phase = phase + 1;
            return;
        }

        for (int i = 0; _phase == phase; i++)
        {
            if (i < SpinsBeforeYield)
            {
                Thread.SpinWait(4);
            }
            else
            {
                Thread.Yield();
            }
        }
    }
}
