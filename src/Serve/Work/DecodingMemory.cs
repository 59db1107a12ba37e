namespace EdgeVit.Serve;

/// <summary>Bounds what all workers decode at the same time: large images wait for each other, so that as many of them as there are workers do not
/// fill a small machine's memory.</summary>
/// <param name="most">Bytes for all images together; one image alone is never refused.</param>
internal sealed class DecodingMemory(long most)
{
    /// <summary>What decoding takes at most for a pixel: four channels and the three of the result.</summary>
    public const int BytesPerPixel = 7;

    private readonly object _lock = new();
    private long _taken;

    /// <summary>What may be decoded at the same time here: half of the memory that this process may have.</summary>
    public static DecodingMemory OfThisProcess() => new(Half());

    /// <summary>The usual bound of an image, in pixels: what fits into half of the memory.</summary>
    public static long FittingPixels(long usual) => Math.Clamp(Half() / BytesPerPixel, Math.Min(1_000_000, usual), usual);

    /// <summary>Waits until there is room for an image of so many pixels.</summary>
    public void Take(long pixels)
    {
        lock (_lock)
        {
            while (_taken > 0 && _taken + (pixels * BytesPerPixel) > most)
            {
                Monitor.Wait(_lock);
            }

            _taken += pixels * BytesPerPixel;
        }
    }

    public void GiveBack(long pixels)
    {
        lock (_lock)
        {
            _taken -= pixels * BytesPerPixel;
            Monitor.PulseAll(_lock);
        }
    }

    private static long Half() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
}
