namespace EdgeVit.Export;

/// <summary>A simulator's values as the folded graph has them: what is compared, and what its nodes compute from, is the graph that runs.</summary>
/// <param name="taps">The simulator, which computes the network as it was trained.</param>
/// <param name="values">The values that are others in the folded graph.</param>
internal sealed class FoldedTaps(ISimulatorTaps taps, IReadOnlyDictionary<string, FoldedValue> values) : ISimulatorTaps
{
    /// <inheritdoc/>
    public bool TryGet(string name, out float[] found)
    {
        if (!taps.TryGet(name, out found))
        {
            return false;
        }

        if (values.TryGetValue(name, out FoldedValue? folded))
        {
            LargeArrays.Expect(sizeof(float) * (long)found.Length);
            found = folded.Of(found);
        }

        return true;
    }
}
