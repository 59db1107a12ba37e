namespace EdgeVit.Devices;

/// <summary>Runs steps one after the other on a thread of its own. A step that hangs is left behind together with that thread and skipped until
/// it comes back; the steps after it go on on a new thread.</summary>
internal sealed class PatientThread : IDisposable
{
    private readonly TimeSpan _patience;
    private readonly string _name;
    private Worker? _worker;
    private long _abandonedTicks;

    public PatientThread(string name, TimeSpan patience)
    {
        (_name, _patience) = (name, patience);
    }

    /// <summary>Processor time that the threads have used, as far as they said.</summary>
    public TimeSpan CpuTime => TimeSpan.FromTicks(_abandonedTicks + (_worker?.CpuTicks ?? 0));

    /// <summary>Runs what does not hang; returns when all have run or were left behind.</summary>
    public void Run(IReadOnlyList<Step> steps)
    {
        int next = 0;
        while (next < steps.Count)
        {
            _worker ??= new Worker(_name);
            Batch batch = new(steps, next);
            _worker.Start(batch);
            next = Await(batch);
        }
    }

    public void Dispose() => _worker?.Stop();

    // Where the rest has to go on; the count when all is done.
    private int Await(Batch batch)
    {
        while (true)
        {
            int at = batch.Position;
            if (batch.Done.Wait(_patience))
            {
                return batch.Steps.Count;
            }

            if (batch.Position == at && batch.TryAbandon(at))
            {
                _abandonedTicks += _worker!.CpuTicks;
                _worker = null;
                return at + 1;
            }
        }
    }

    /// <summary>Something to run, and what to do instead while an earlier run of it hangs.</summary>
    internal sealed class Step(Func<Action> run, Action<TimeSpan> hangs)
    {
        private readonly TimeProvider _clock = TimeProvider.System;
        private long _since;
        private volatile bool _busy;

        public bool Busy => _busy;

        /// <summary>The result is taken over by the action that comes back, unless the step was left behind meanwhile.</summary>
        public Action Run()
        {
            _since = _clock.GetTimestamp();
            _busy = true;
            try
            {
                return run();
            }
            finally
            {
                _busy = false;
            }
        }

        public void Skip() => hangs(_clock.GetElapsedTime(_since));
    }

    private sealed class Batch(IReadOnlyList<Step> steps, int from)
    {
        private readonly Lock _lock = new();
        private bool _abandoned;

        public IReadOnlyList<Step> Steps => steps;

        public ManualResetEventSlim Done { get; } = new();

        public volatile int Position = from;

        /// <summary>Runs from the position on; false when this batch was abandoned meanwhile.</summary>
        public bool Run()
        {
            for (int i = Position; i < steps.Count; i++)
            {
                Position = i;
                if (steps[i].Busy)
                {
                    steps[i].Skip();
                    continue;
                }

                Action take = steps[i].Run();
                lock (_lock)
                {
                    if (_abandoned)
                    {
                        return false;
                    }

                    take();
                    Position = i + 1;
                }
            }
            Done.Set();
            return true;
        }

        public bool TryAbandon(int at)
        {
            lock (_lock)
            {
                if (Position != at || Done.IsSet || at >= steps.Count)
                {
                    return false;
                }

                _abandoned = true;
                steps[at].Skip();
                return true;
            }
        }
    }

    private sealed class Worker
    {
        private readonly SemaphoreSlim _work = new(0);
        private Batch? _batch;
        private long _cpuTicks;

        public Worker(string name)
        {
            new Thread(Loop) { IsBackground = true, Priority = ThreadPriority.Lowest, Name = name }.Start();
        }

        public long CpuTicks => Interlocked.Read(ref _cpuTicks);

        public void Start(Batch batch)
        {
            _batch = batch;
            _work.Release();
        }

        public void Stop()
        {
            _batch = null;
            _work.Release();
        }

        private void Loop()
        {
            ThreadClock.LowerPriority();
            while (true)
            {
                _work.Wait();
                if (_batch is not { } batch || !batch.Run())
                {
                    return;
                }

                Interlocked.Exchange(ref _cpuTicks, ThreadClock.CpuTime.Ticks);
            }
        }
    }
}
