namespace EdgeVit.Export;

/// <summary>What the float simulator computed for one image, under the names of the graph's values.</summary>
internal interface ISimulatorTaps
{
    /// <summary>The floats of a value, tokens <c>[N, C]</c> row-major; signs as +1 and -1.</summary>
    /// <returns>False where the simulator does not report this value.</returns>
    bool TryGet(string name, out float[] values);
}

/// <summary>A simulator that computes what it is asked for.</summary>
internal interface ISimulator : ISimulatorTaps
{
    /// <summary>Takes the next image.</summary>
    /// <param name="image">Normalised, <c>[3, H, W]</c>.</param>
    void Start(ReadOnlySpan<float> image);

    /// <summary>The logits of the image.</summary>
    float[] Logits();

    /// <summary>Forgets the image and all of its values.</summary>
    void Clear();
}
