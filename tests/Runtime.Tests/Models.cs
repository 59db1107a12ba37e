using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>Shared by the session tests.</summary>
internal static class Models
{
    internal static EvitModel Load(ModelGraph graph, GraphBuilder builder) => EvitModel.Load(EvitFile.Parse(EvitBytes.Model(graph, builder.Tensors)));

    /// <summary>What the reference gives for a file with this graph.</summary>
    internal static float[] Logits(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, ReadOnlySpan<float> input) =>
        Interpreter(EvitFile.Parse(EvitBytes.Model(graph, tensors))).Run(input)[graph.OutputName].Floats;

    internal static GraphInterpreter Interpreter(EvitFile file) => new(file.Graph, file.Tensors);

    internal static KernelChoice Choice(string name) => KernelSets.Available.Single(k => KernelSets.Name(k) == name);

    /// <summary>Same bits, any NaN being as good as another.</summary>
    internal static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = BitConverter.SingleToUInt32Bits(expected[i]) == BitConverter.SingleToUInt32Bits(found[i]) || (float.IsNaN(expected[i]) && float.IsNaN(found[i]));
            Assert.True(same, $"{what}: logit {i} is {found[i]:R}, expected {expected[i]:R}");
        }
    }
}
