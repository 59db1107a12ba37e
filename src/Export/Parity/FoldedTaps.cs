namespace EdgeVit.Export;

/// <summary>The values of a simulator of the network as it was trained, as the folded graph has them: what is compared, and what its nodes compute
/// from, is the graph that runs.</summary>
internal sealed class FoldedTaps(ISimulatorTaps taps, IReadOnlyDictionary<string, FoldedValue> values) : ISimulatorTaps
{
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
