using System.Runtime;

namespace EdgeVit.Export;

/// <summary>Keeps the memory of large, short-lived arrays bounded: the collector lets hundreds of megabytes of them pile up before it looks, which
/// is more than an import may take.</summary>
internal static class LargeArrays
{
    private static long s_expected;

    /// <summary>How many bytes may pile up. A process that has memory to spare may let it be more, and runs faster.</summary>
    internal static long Allowance { get; set; } = 16L << 20;

    /// <summary>Returns the memory of arrays that are no longer used to the system: for the ends of stages.</summary>
    public static void Release()
    {
        Interlocked.Exchange(ref s_expected, 0);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>Announces an allocation of N bytes; the memory of earlier arrays is returned now and then.</summary>
    public static void Expect(long bytes)
    {
        if (Interlocked.Add(ref s_expected, bytes) <= Allowance)
        {
            return;
        }

        Interlocked.Exchange(ref s_expected, bytes);

        // Results that stay lie between arrays that go: without moving them the holes would double the heap.
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
    }
}
