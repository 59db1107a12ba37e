using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A value of the reference interpreter: floats or sign bits, with the shape.</summary>
internal sealed class Value
{
    private Value(ValueShape shape, float[] floats, ulong[] words)
    {
        Shape = shape;
        Floats = floats;
        Words = words;
    }

    public ValueShape Shape { get; }

    /// <summary>The floats of an image or of tokens; empty for bits.</summary>
    public float[] Floats { get; }

    /// <summary>What the floats of a product that counts were computed from; null elsewhere.</summary>
    public Counted? Counted { get; private init; }

    /// <summary>The words of bits, <c>[N, ceil(C / 64)]</c>, padding bits 0; empty otherwise.</summary>
    public ulong[] Words { get; }

    /// <summary>An image <c>[C, H, W]</c>.</summary>
    public static Value Image(float[] data, int channels, int height, int width) => Of(new ValueShape(ValueKind.Image, channels, height, width), data);

    /// <summary>Tokens <c>[H * W, C]</c>.</summary>
    public static Value Tokens(float[] data, int channels, int height, int width, Counted? counted = null) =>
        Of(new ValueShape(ValueKind.Tokens, channels, height, width), data, counted);

    /// <summary>Bits <c>[H * W, C]</c> from words.</summary>
    public static Value Bits(ulong[] words, int channels, int height, int width)
    {
        var shape = new ValueShape(ValueKind.Bits, channels, height, width);
        return words.Length == shape.Tokens * shape.WordsPerToken
            ? new Value(shape, [], words)
            : throw new ArgumentException($"{words.Length} words given, {shape} needs {shape.Tokens * shape.WordsPerToken}", nameof(words));
    }

    /// <summary>The sign at a token and channel: true for +1.</summary>
    public bool Bit(int token, int channel) => ((Words[(token * Shape.WordsPerToken) + (channel >> 6)] >> channel) & 1) != 0;

    private static Value Of(ValueShape shape, float[] data, Counted? counted = null) => data.Length == shape.Elements
        ? new Value(shape, data, []) { Counted = counted } : throw new ArgumentException($"{data.Length} floats given, {shape} needs {shape.Elements}", nameof(data));
}

/// <summary>A product's counts <c>[N, C]</c>, and the scale and offset <c>[C]</c> that make them floats.</summary>
internal sealed record Counted(float[] Counts, float[] Scale, float[] Offset);
