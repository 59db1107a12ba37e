namespace EdgeVit.Bench;

/// <summary>Where the weights of a graph come from, node by node.</summary>
internal interface IPeerWeights
{
    /// <summary>Of the next node that has some.</summary>
    /// <param name="shape">Sizes of its weights, outputs first.</param>
    /// <returns>The weights, and a bias for each output.</returns>
    (float[] Weights, float[] Biases) Next(IReadOnlyList<long> shape);
}
