namespace EdgeVit.Quantize.Tests;

/// <summary>A test of several processes; skipped, with the reason, where this build has no process groups.</summary>
internal sealed class DistributedFactAttribute : FactAttribute
{
    public DistributedFactAttribute()
    {
        if (!World.IsAvailable)
            Skip = "this build has no process groups (no headers of Gloo, or PyTorch from a package)";
    }
}
