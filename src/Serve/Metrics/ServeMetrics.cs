using System.Globalization;
using Prometheus;

namespace EdgeVit.Serve;

/// <summary>What Prometheus may ask for. Times are in seconds, memory in bytes.</summary>
internal sealed class ServeMetrics
{
    private static readonly double[] s_buckets = Histogram.ExponentialBuckets(0.00025, 2, 16);

    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly Counter _requests;
    private readonly Counter _dropped;
    private readonly Histogram _request;
    private readonly Gauge _inFlight;
    private readonly Gauge _queued;
    private readonly MetricFactory _metrics;
    private long _answered;

    public ServeMetrics()
    {
        _metrics = Prometheus.Metrics.WithCustomRegistry(_registry);
        _requests = _metrics.CreateCounter("edgevit_requests_total", "Requests by path and status code; 499 is a client that went away.", "path", "code");
        _dropped = _metrics.CreateCounter("edgevit_dropped_total", "Images that were sent away for want of room, by its kind.", "reason");
        _request = Seconds("edgevit_request_seconds", "From a request's headers to its answer; /classify only.");
        QueueSeconds = Seconds("edgevit_queue_seconds", "From a whole image to a worker.");
        DecodeSeconds = Seconds("edgevit_decode_seconds", "Decoding and resizing an image.");
        InferenceSeconds = Seconds("edgevit_inference_seconds", "Running the network.");
        _inFlight = _metrics.CreateGauge("edgevit_in_flight", "Requests that are being read, wait or are worked on.");
        _queued = _metrics.CreateGauge("edgevit_queue_length", "Images that wait for a worker.");
        foreach (string reason in (string[])[DroppedQueue, DroppedMemory, DroppedTime])
        {
            _dropped.WithLabels(reason);
        }
    }

    public const string DroppedQueue = "queue";

    public const string DroppedMemory = "memory";

    public const string DroppedTime = "time";

    public Histogram QueueSeconds { get; }

    public Histogram DecodeSeconds { get; }

    public Histogram InferenceSeconds { get; }

    /// <summary>Requests answered so far.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Says what is served; <paramref name="queued"/> tells how many images wait.</summary>
    public void Describe(string model, string sha256, string kernel, string version, int workers, Func<int> queued)
    {
        _metrics.CreateGauge("edgevit_model_info", "The model; always 1.", "name", "sha256", "kernel", "version").WithLabels(model, sha256, kernel, version).Set(1);
        _metrics.CreateGauge("edgevit_workers", "Images that are worked on at the same time.").Set(workers);
        _registry.AddBeforeCollectCallback(() => _queued.Set(queued()));
    }

    /// <summary>Adds the machine's own readings, taken when they are asked for.</summary>
    public void Observe(MachineReadings machine) => machine.AddTo(_metrics, _registry);

    public void Begin() => _inFlight.Inc();

    public void Drop(string reason) => _dropped.WithLabels(reason).Inc();

    /// <summary>Counts a request that has its answer.</summary>
    public void End(string path, int code, TimeSpan took, bool classified)
    {
        _inFlight.Dec();
        Interlocked.Increment(ref _answered);
        _requests.WithLabels(path, code.ToString(CultureInfo.InvariantCulture)).Inc();
        if (classified)
        {
            _request.Observe(took.TotalSeconds);
        }
    }

    /// <summary>Writes everything in Prometheus' text format.</summary>
    public Task WriteAsync(Stream target, CancellationToken cancellation) => _registry.CollectAndExportAsTextAsync(target, cancellation);

    private Histogram Seconds(string name, string help) => _metrics.CreateHistogram(name, help, new HistogramConfiguration { Buckets = s_buckets });
}
