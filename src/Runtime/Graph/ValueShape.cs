namespace EdgeVit.Runtime;

/// <summary>What a value is made of.</summary>
internal enum ValueKind
{
    /// <summary>Floats <c>[C, H, W]</c>, planar: the network's input.</summary>
    Image,

    /// <summary>Floats <c>[N, C]</c>, row-major.</summary>
    Tokens,

    /// <summary>Signs <c>[N, C]</c>, each token's in its own words.</summary>
    Bits,
}

/// <summary>The shape of a value: <see cref="Height"/> x <see cref="Width"/> tokens (or pixels) of <see cref="Channels"/> channels.</summary>
internal readonly record struct ValueShape(ValueKind Kind, int Channels, int Height, int Width)
{
    /// <summary>N = H * W.</summary>
    public int Tokens => Height * Width;

    /// <summary>N * C.</summary>
    public long Elements => (long)Height * Width * Channels;

    /// <summary>64-bit words of one token's signs.</summary>
    public int WordsPerToken => (Channels + 63) >> 6;

    /// <summary>Channels rounded up to whole words of 64.</summary>
    internal static int Pad(int channels) => (channels + 63) & ~63;

    /// <summary>As in messages: <c>Tokens [196, 64] of 14 x 14</c>.</summary>
    public override string ToString() => Kind == ValueKind.Image
        ? $"Image [{Channels}, {Height}, {Width}]" : $"{Kind} [{Tokens}, {Channels}] of {Height} x {Width}";
}
