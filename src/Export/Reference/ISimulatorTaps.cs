namespace EdgeVit.Export;

/// <summary>What the float simulator computed for one image, under the names of the graph's values.</summary>
internal interface ISimulatorTaps
{
    /// <summary>The floats of a value, tokens <c>[N, C]</c> row-major, signs as +1 and -1; false where the simulator does not report it.</summary>
    bool TryGet(string name, out float[] values);
}

/// <summary>A simulator that computes what it is asked for.</summary>
internal interface ISimulator : ISimulatorTaps
{
    /// <summary>Takes the next image, normalised, <c>[3, H, W]</c>.</summary>
    void Start(ReadOnlySpan<float> image);

    float[] Logits();

    /// <summary>Forgets the image and all of its values.</summary>
    void Clear();
}
