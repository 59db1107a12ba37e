using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A lowered network computed node by node in floats: what a folded one is compared with where there is nothing older.</summary>
internal sealed class GraphSimulator(LoweredModel model) : ISimulator
{
    private readonly GraphInterpreter _interpreter = new(model.Graph, model.Tensors);
    private IReadOnlyDictionary<string, Value> _values = new Dictionary<string, Value>();

    public void Start(ReadOnlySpan<float> image) => _values = _interpreter.Run(image);

    public bool TryGet(string name, out float[] values)
    {
        bool known = _values.TryGetValue(name, out Value? value);
        values = !known ? [] : value!.Shape.Kind == ValueKind.Bits ? Signs(value) : value.Floats;
        return known;
    }

    public float[] Logits() => _values[model.Graph.OutputName].Floats;

    public void Clear() => _values = new Dictionary<string, Value>();

    private static float[] Signs(Value bits)
    {
        var signs = new float[bits.Shape.Elements];
        for (int i = 0; i < signs.Length; i++)
        {
            (int token, int channel) = int.DivRem(i, bits.Shape.Channels);
            signs[i] = bits.Bit(token, channel) ? 1 : -1;
        }

        return signs;
    }
}
