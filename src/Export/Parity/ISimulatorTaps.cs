namespace EdgeVit.Export;

/// <summary>What the float simulator computed for one image, under the names of the graph's values.</summary>
public interface ISimulatorTaps
{
    /// <summary>The floats of a value, tokens <c>[N, C]</c> row-major; signs as +1 and -1.</summary>
    /// <returns>False where the simulator does not report this value.</returns>
    bool TryGet(string name, out float[] values);
}
