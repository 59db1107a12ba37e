namespace EdgeVit.Serve;

/// <summary>How much all images that are arriving and waiting may take together, in bytes.</summary>
internal sealed class MemoryBudget(long most)
{
    private long _taken;

    public long Taken => Interlocked.Read(ref _taken);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= most)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
