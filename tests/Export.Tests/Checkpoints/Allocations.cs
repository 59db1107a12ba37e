namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Tests that count what all threads allocate; no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Allocations
{
    internal const string Name = "allocations";

    private readonly long _before = GC.GetTotalAllocatedBytes(precise: true);

    /// <summary>Bytes that the process has allocated since this object was made, on every thread, living or not.</summary>
    internal long Bytes => GC.GetTotalAllocatedBytes(precise: true) - _before;
}
