namespace EdgeVit.Samples;

/// <summary>Frames a second, over the last second or so.</summary>
internal sealed class FrameRate(TimeProvider clock)
{
    private readonly Queue<long> _times = new();

    public double PerSecond => _times.Count < 2 ? 0 : (_times.Count - 1) / clock.GetElapsedTime(_times.Peek(), _times.Last()).TotalSeconds;

    public void Count()
    {
        long now = clock.GetTimestamp();
        _times.Enqueue(now);
        while (_times.Count > 2 && clock.GetElapsedTime(_times.Peek(), now) > TimeSpan.FromSeconds(1))
        {
            _times.Dequeue();
        }
    }
}
