namespace EdgeVit.Imaging;

/// <summary>Lets so many pictures be decoded at a time as memory holds; the others wait, in the order in which they came, so that a large one gets its turn among
/// many small ones. One alone is always let through.</summary>
/// <param name="pixels">How many pixels in all.</param>
internal sealed class DecodingMemory(long pixels)
{
    /// <summary>The share of the memory that pictures take while they are decoded on all threads, as a divisor.</summary>
    private const int SharedShare = 4;

    private const long LeastFitting = 1_000_000;

    private readonly object _changed = new();
    private long _taken;
    private long _came;
    private long _next;

    /// <summary>That of all decoding in this process: a quarter of its memory.</summary>
    internal static DecodingMemory Shared { get; } = OfThisProcess(SharedShare);

    /// <summary>As many pixels as fit into a share of the machine's memory, or of what the process's control group may use.</summary>
    /// <param name="share">What the memory is divided by.</param>
    internal static DecodingMemory OfThisProcess(int share) => new(Room(share));

    /// <summary>The usual bound of a picture, in pixels, or what fits into a share of the memory where that is less, but no less than a small picture needs.</summary>
    internal static long FittingPixels(long usual, int share) => Math.Clamp(Room(share), Math.Min(LeastFitting, usual), usual);

    /// <summary>Waits for its turn and until there is room for a picture, which <see cref="Leave"/> gives back.</summary>
    internal void Enter(long size)
    {
        lock (_changed)
        {
            long turn = _came++;
            while (turn != _next || (_taken > 0 && _taken + size > pixels))
            {
                Monitor.Wait(_changed);
            }

            _next++;
            _taken += size;
            Monitor.PulseAll(_changed);
        }
    }

    /// <summary>The picture is decoded.</summary>
    internal void Leave(long size)
    {
        lock (_changed)
        {
            _taken -= size;
            Monitor.PulseAll(_changed);
        }
    }

    private static long Room(int share) => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / share / ImageDecoder.BytesPerPixel;
}
