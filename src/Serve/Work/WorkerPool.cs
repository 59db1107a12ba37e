using System.Collections.Concurrent;
using EdgeVit.Runtime;

namespace EdgeVit.Serve;

/// <summary>Threads with a session each, and the bounded queue before them.</summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly BlockingCollection<Job> _queue;
    private readonly Classifier[] _classifiers;
    private readonly Thread[] _threads;
    private long _finished;

    public WorkerPool(EvitModel model, int workers, int threads, int queue, long maxPixels)
    {
        _queue = new BlockingCollection<Job>(queue);
        Capacity = queue;
        var memory = DecodingMemory.OfThisProcess();
        _classifiers = [.. Enumerable.Range(0, workers).Select(_ => new Classifier(model, new SessionOptions { Threads = threads }, maxPixels, memory))];
        _threads = [.. _classifiers.Select((c, i) => new Thread(() => Work(c)) { IsBackground = true, Name = $"worker {i}" })];
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

    private void Work(Classifier classifier)
    {
        foreach (Job job in _queue.GetConsumingEnumerable())
        {
            job.Run(classifier);
            Interlocked.Increment(ref _finished);
        }
    }
}
