using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <content>Shapes of linears and the other ops of float transformers, and of those that add or take tokens. Where these change the number of
/// tokens, the grid becomes one column.</content>
internal sealed partial class GraphValidator
{
    internal ValueShape Linear(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        StoredTensor weight = Tensor(node, "weight");
        if (weight.Shape.Count != 2 || weight.Shape[0] < 1)
        {
            throw Wrong(node, "weight", weight, $"floats [outputs, {x.Channels}]");
        }

        Floats(node, "weight", weight.Shape[0], x.Channels);
        OptionalFloats(node, "bias", weight.Shape[0]);
        return x with { Channels = weight.Shape[0] };
    }

    internal ValueShape LayerNorm(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        PerChannel(node, x.Channels, "scale", "offset");
        StoredTensor epsilon = Tensor(node, "epsilon");
        if (epsilon.Type != StoredType.F32 || !IsShape(epsilon, 1))
        {
            throw Wrong(node, "epsilon", epsilon, "F32 [1]");
        }

        float value = MemoryMarshal.Read<float>(epsilon.Bytes.Span);
        return value >= 0 && float.IsFinite(value)
            ? x : throw new EvitFormatException($"{_where}: tensor '{epsilon.Name}' (epsilon) is {value}, expected a finite number, at least 0");
    }

    internal ValueShape SoftmaxAttention(GraphNode node, ValueShape query)
    {
        ValueShape key = Operands(node, query, ValueKind.Tokens);
        return key.Tokens <= short.MaxValue
            ? query : throw new EvitFormatException($"{_where}: {key.Tokens} keys, expected at most {short.MaxValue}");
    }

    internal ValueShape Gate(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        ValueShape gate = Input(node.Inputs[1]);
        return gate == new ValueShape(ValueKind.Tokens, x.Channels, 1, 1)
            ? x : throw new EvitFormatException($"{_where}: input '{node.Inputs[1]}' is {gate}, expected Tokens [1, {x.Channels}]");
    }

    internal ValueShape PrependTokens(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        if (node.Inputs.Count == 2 == node.Tensors.ContainsKey("tokens"))
        {
            throw new EvitFormatException($"{_where}: {(node.Inputs.Count == 2 ? "a tensor 'tokens' and a second input" : "neither a tensor 'tokens' nor a second input")}, expected one of them");
        }

        if (node.Inputs.Count == 2)
        {
            ValueShape first = Input(node.Inputs[1]);
            return first.Kind == ValueKind.Tokens && first.Channels == x.Channels
                ? Bounded(x, x.Channels, (long)x.Tokens + first.Tokens, 1)
                : throw new EvitFormatException($"{_where}: input '{node.Inputs[1]}' is {first}, expected Tokens of {x.Channels} channels");
        }

        StoredTensor tokens = Tensor(node, "tokens");
        if (tokens.Shape.Count != 2 || tokens.Shape[0] < 1)
        {
            throw Wrong(node, "tokens", tokens, $"floats [tokens, {x.Channels}]");
        }

        Floats(node, "tokens", tokens.Shape[0], x.Channels);
        return Bounded(x, x.Channels, (long)x.Tokens + tokens.Shape[0], 1);
    }

    internal ValueShape SliceTokens(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        (int start, int count) = (node.Attributes["start"], node.Attributes["count"]);
        return (long)start + count <= x.Tokens ? x with { Height = count, Width = 1 }
            : throw new EvitFormatException($"{_where}: tokens {start} to {(long)start + count - 1} are taken of {x}");
    }
}
