using System.Collections.Concurrent;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Serve;

/// <summary>Threads with a session each, and the bounded queue before them.</summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>The share of the memory for the images of all workers, as a divisor.</summary>
    internal const int MemoryShare = 2;

    private readonly BlockingCollection<Job> _queue;
    private readonly Classifier[] _classifiers;
    private readonly Thread[] _threads;
    private readonly long[] _begun;
    private long _finished;

    public WorkerPool(EvitModel model, int workers, int threads, int queue, long maxPixels)
    {
        _queue = new BlockingCollection<Job>(queue);
        Capacity = queue;
        var memory = DecodingMemory.OfThisProcess(MemoryShare);
        _classifiers = [.. Enumerable.Range(0, workers).Select(_ => new Classifier(model, new SessionOptions { Threads = threads }, maxPixels, memory))];
        _begun = new long[workers];
        _threads = [.. _classifiers.Select((c, i) => new Thread(() => Work(c, ref _begun[i])) { IsBackground = true, Name = $"worker {i}" })];
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    public string KernelName => _classifiers[0].KernelName;

    /// <summary>How many jobs wait at most.</summary>
    public int Capacity { get; }

    /// <summary>How many jobs wait now.</summary>
    public int Waiting => _queue.Count;

    /// <summary>How many jobs have ended, well or badly.</summary>
    public long Finished => Interlocked.Read(ref _finished);

    /// <summary>How long the worker that has been busy for longest has had its job; zero where none works.</summary>
    public TimeSpan LongestRunning
    {
        get
        {
            long now = Environment.TickCount64, longest = 0;
            for (int i = 0; i < _begun.Length; i++)
            {
                long begun = Interlocked.Read(ref _begun[i]);
                longest = begun == 0 ? longest : Math.Max(longest, now - begun);
            }

            return TimeSpan.FromMilliseconds(longest);
        }
    }

    /// <summary>Takes a job, or says that the queue is full.</summary>
    public bool TryAdd(Job job) => _queue.TryAdd(job);

    /// <summary>Finishes what waits and ends the threads. A worker that does not come back is left to the end of the process.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        bool ended = true;
        foreach (Thread thread in _threads)
        {
            ended &= thread.Join(TimeSpan.FromSeconds(1));
        }

        if (!ended)
        {
            return;
        }

        foreach (Classifier classifier in _classifiers)
        {
            classifier.Dispose();
        }

        _queue.Dispose();
    }

    /// <summary>What a thread does: job after job. <paramref name="begun"/> is when the current one was taken, in milliseconds of the system's clock; 0 between jobs.</summary>
    private void Work(Classifier classifier, ref long begun)
    {
        foreach (Job job in _queue.GetConsumingEnumerable())
        {
            Interlocked.Exchange(ref begun, Environment.TickCount64);
            job.Run(classifier);
            Interlocked.Exchange(ref begun, 0);
            Interlocked.Increment(ref _finished);
        }
    }
}
