using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <content>Checks of the tensors that a node names: there, of the right type and shape, finite, padding bits 0.</content>
internal sealed partial class GraphValidator
{
    private StoredTensor Tensor(GraphNode node, string role) => _tensors.TryGetValue(node.Tensors[role], out StoredTensor? tensor)
        ? tensor : throw new EvitFormatException($"{_where}: tensor '{node.Tensors[role]}' ({role}) is not in the file");

    private EvitFormatException Wrong(GraphNode node, string role, StoredTensor found, string expected) =>
        new($"{_where}: tensor '{node.Tensors[role]}' ({role}) is {found.Type} [{string.Join(", ", found.Shape)}], expected {expected}");

    private void PerChannel(GraphNode node, int channels, params ReadOnlySpan<string> roles)
    {
        foreach (string role in roles)
        {
            Floats(node, role, channels);
        }
    }

    private void OptionalFloats(GraphNode node, string role, int count)
    {
        if (node.Tensors.ContainsKey(role))
        {
            Floats(node, role, count);
        }
    }

    private void Floats(GraphNode node, string role, params ReadOnlySpan<int> shape)
    {
        StoredTensor tensor = Tensor(node, role);
        if (tensor.Type is not (StoredType.F32 or StoredType.F16) || !IsShape(tensor, shape))
        {
            throw Wrong(node, role, tensor, $"floats [{string.Join(", ", shape.ToArray())}]");
        }

        if (!_finite.Add(tensor.Name))
        {
            return;
        }

        bool finite = tensor.Type == StoredType.F32
            ? FiniteScan.AllFinite(MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span))
            : FiniteScan.AllFinite(MemoryMarshal.Cast<byte, Half>(tensor.Bytes.Span));
        if (!finite)
        {
            throw new EvitFormatException($"{_where}: tensor '{tensor.Name}' ({role}) holds a NaN or an infinity, expected finite floats");
        }
    }

    private static bool IsShape(StoredTensor tensor, params ReadOnlySpan<int> shape)
    {
        bool same = tensor.Shape.Count == shape.Length;
        for (int i = 0; same && i < shape.Length; i++)
        {
            same = tensor.Shape[i] == shape[i];
        }

        return same;
    }

    private int BinaryWeights(GraphNode node, long inputs)
    {
        StoredTensor weight = Tensor(node, "weight");
        long words = (inputs + 63) >> 6;
        if (weight.Type != StoredType.U64 || weight.Shape.Count != 2 || weight.Shape[0] < 1 || weight.Shape[1] != words)
        {
            throw Wrong(node, "weight", weight, $"U64 [outputs, {words}] for {inputs} inputs");
        }

        if (inputs > MaxInputs)
        {
            throw new EvitFormatException($"{_where}: {inputs} inputs, expected at most {MaxInputs}");
        }

        if ((inputs & 63) != 0)
        {
            ReadOnlySpan<ulong> bits = MemoryMarshal.Cast<byte, ulong>(weight.Bytes.Span);
            for (int i = (int)words - 1; i < bits.Length; i += (int)words)
            {
                if (bits[i] >> (int)(inputs & 63) != 0)
                {
                    throw new EvitFormatException(
                        $"{_where}: tensor '{weight.Name}' (weight) has padding bits set in row {i / words}, expected 0 from bit {inputs}");
                }
            }
        }

        PerChannel(node, weight.Shape[0], "scale", "offset");
        return weight.Shape[0];
    }
}
