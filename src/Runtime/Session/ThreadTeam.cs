using System.Diagnostics;

namespace EdgeVit.Runtime;

/// <summary>A session's own few threads. All of them go through the same list of steps and share each step's items (see
/// <see cref="WorkShares"/>). Waiting spins briefly, then yields; between runs the threads spin briefly, then sleep. A run allocates
/// nothing; .NET itself does so once in a process, when a thread first waits for a lock.</summary>
internal sealed unsafe class ThreadTeam : IDisposable
{
    private const int SpinsBeforeYield = 2000;
    private const int SpinsBeforeSleep = 2000;

    private readonly ExecutionPlan _plan;
    private readonly byte* _arena;
    private readonly byte*[] _scratch;
    private readonly WorkShares _shares;
    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private volatile float* _input;
    private volatile bool _stop;
    private long _run;
    private int _sleeping;
    private int _ready;

    internal ThreadTeam(ExecutionPlan plan, byte* arena, byte*[] scratch)
    {
        _plan = plan;
        _arena = arena;
        _scratch = scratch;
        _shares = new WorkShares(plan.Steps, scratch.Length);
        _threads = new Thread[scratch.Length - 1];
        Start();
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

    /// <summary>Runs all steps on one image; the caller is member 0. Each step's time is added to <paramref name="ticks"/>.</summary>
    internal void Run(float* input, long[]? ticks)
    {
        _input = input;
        if (_threads.Length == 0)
        {
            RunAlone(ticks);
            return;
        }

        Wake();
        RunShared(0, Interlocked.Read(ref _run), ticks);
    }

    /// <summary>Starts the threads and has each of them find the gate closed and wait at it once: the first time a thread does so it
    /// allocates what later waits use, and a run must not.</summary>
    private void Start()
    {
        if (_threads.Length == 0)
        {
            return;
        }

        lock (_gate)
        {
            for (int i = 0; i < _threads.Length; i++)
            {
                int member = i + 1;
                _threads[i] = new Thread(() => Work(member)) { IsBackground = true, Name = $"edgevit {member}" };
                _threads[i].Start();
            }

            Thread.Sleep(1);
        }

        while (Volatile.Read(ref _ready) < _threads.Length)
        {
            Thread.Sleep(0);
        }
    }

    private void RunAlone(long[]? ticks)
    {
        var memory = new ThreadMemory(_arena, _scratch[0], _input);
        PlanStep[] steps = _plan.Steps;
        for (int i = 0; i < steps.Length; i++)
        {
            long start = ticks is null ? 0 : Stopwatch.GetTimestamp();
            steps[i].Run(memory, 0, steps[i].Items);
            if (ticks is not null)
            {
                ticks[i] += Stopwatch.GetTimestamp() - start;
            }
        }
    }

    private void RunShared(int member, long run, long[]? ticks)
    {
        PlanStep[] steps = _plan.Steps;
        for (int i = 0; i < steps.Length; i++)
        {
            long start = ticks is null ? 0 : Stopwatch.GetTimestamp();
            int items = 0;
            for (int other = 0; other < _scratch.Length; other++)
            {
                int owner = (member + other) % _scratch.Length;
                while (_shares.TryTake(run, i, owner, out int begin, out int end))
                {
                    steps[i].Run(new ThreadMemory(_arena, _scratch[member], _input), begin, end);
                    items += end - begin;
                }
            }

            if (items > 0)
            {
                _shares.Finish(i, items);
            }

            for (int spins = 0; !_shares.IsDone(run, i); spins++)
            {
                if (spins < SpinsBeforeYield)
                {
                    Thread.SpinWait(2);
                }
                else
                {
                    Thread.Yield();
                }
            }

            if (ticks is not null)
            {
                ticks[i] += Stopwatch.GetTimestamp() - start;
            }
        }
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
        lock (_gate)
        {
            Monitor.Wait(_gate, 1);
        }

        Interlocked.Increment(ref _ready);
        long seen = 0;
        while (!_stop)
        {
            Await(seen);

            // A member that has missed runs joins the current one; the missed ones were done without it.
            seen = Volatile.Read(ref _run);
            if (!_stop)
            {
                RunShared(member, seen, null);
            }
        }
    }

    private void Await(long seen)
    {
        for (int i = 0; i < SpinsBeforeSleep; i++)
        {
            if (Volatile.Read(ref _run) != seen)
            {
                return;
            }

            Thread.SpinWait(10);
        }

        lock (_gate)
        {
            // The count goes up before the last look, and a waker looks at it after it has counted its run: one of the two sees the other.
            Interlocked.Increment(ref _sleeping);
            while (Volatile.Read(ref _run) == seen)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }
}
