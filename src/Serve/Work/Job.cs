using System.Diagnostics;

namespace EdgeVit.Serve;

/// <summary>Something for a worker to do.</summary>
internal abstract class Job
{
    /// <summary>Does it; never throws.</summary>
    public abstract void Run(Classifier classifier);
}

/// <summary>An image to be classified. It owns the image's memory from the moment that the pool takes it.</summary>
internal sealed class ClassifyJob(ImageBytes image, long pixels, int top, ServeMetrics metrics) : Job
{
    private readonly TaskCompletionSource<Classification> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _added = Stopwatch.GetTimestamp();
    private volatile bool _abandoned;

    public Task<Classification> Done => _done.Task;

    /// <summary>Nobody waits for the answer any more: what has not begun is left out.</summary>
    public void Abandon() => _abandoned = true;

    public override void Run(Classifier classifier)
    {
        using (image)
        {
            if (_abandoned)
            {
                _done.TrySetCanceled();
                return;
            }

            double queueMs = Stopwatch.GetElapsedTime(_added).TotalMilliseconds;
            metrics.QueueSeconds.Observe(queueMs / 1000);
            try
            {
                Classification result = classifier.Classify(image.Span, pixels, top, queueMs);
                metrics.DecodeSeconds.Observe((result.DecodeMs + result.PreprocessMs) / 1000);
                metrics.InferenceSeconds.Observe(result.InferenceMs / 1000);
                _done.TrySetResult(result);
            }
            catch (Exception e)
            {
                _done.TrySetException(e);
                // Looked at, also where nobody waits.
                _ = _done.Task.Exception;
            }
        }
    }
}

/// <summary>A run of the network whose only result is that it ended.</summary>
internal sealed class ProbeJob : Job
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Done => _done.Task;

    public override void Run(Classifier classifier)
    {
        try
        {
            classifier.Probe();
            _done.TrySetResult();
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
            _ = _done.Task.Exception;
        }
    }
}
