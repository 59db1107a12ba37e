namespace EdgeVit.Quantize;

/// <summary>RandAugment (Cubuk et al. 2020): some operations in a row, drawn from the standard list, all at one strength. Pure function of what the
/// random numbers are a function of.</summary>
/// <param name="Operations">Operations in a row, 0 to 10; 0 for none.</param>
/// <param name="Magnitude">Their strength, 0 to 30.</param>
internal sealed record RandAugment(int Operations, double Magnitude)
{
    public static RandAugment None { get; } = new(0, 0);

    /// <summary>The list from which is drawn; <see cref="Operation.Identity"/> is one of it.</summary>
    internal static Operation[] All { get; } = Enum.GetValues<Operation>();

    /// <summary>An operation of the list.</summary>
    internal enum Operation
    {
        Identity,
        ShearX,
        ShearY,
        TranslateX,
        TranslateY,
        Rotate,
        Brightness,
        Color,
        Contrast,
        Sharpness,
        Posterize,
        Solarize,
        AutoContrast,
        Equalize,
    }

    /// <summary>Changes an image.</summary>
    /// <param name="pixels"><c>[H, W, 3]</c>, changed.</param>
    /// <param name="fill">Red, green and blue of what lies beyond the edges.</param>
    internal void Apply(Span<byte> pixels, Span<byte> scratch, int height, int width, ReadOnlySpan<byte> fill, ref CounterRandom random)
    {
        for (int i = 0; i < Operations; i++)
        {
            Operation operation = All[random.Next(All.Length)];
            double sign = (random.Next() & 1) != 0 ? 1 : -1;
            Apply(operation, sign, pixels, scratch, height, width, fill);
        }
    }

    /// <summary>One operation at this strength; the sign is the direction of those that have one.</summary>
    internal void Apply(Operation operation, double sign, Span<byte> pixels, Span<byte> scratch, int height, int width, ReadOnlySpan<byte> fill)
    {
        double strength = Magnitude / ConvertOptions.MostMagnitude;
        double signed = sign * strength;
        switch (operation)
        {
            case Operation.ShearX:
                Geometry.Warp(pixels, scratch, height, width, fill, 1, 0.3 * signed, 0, 1, 0, 0);
                break;
            case Operation.ShearY:
                Geometry.Warp(pixels, scratch, height, width, fill, 1, 0, 0.3 * signed, 1, 0, 0);
                break;
            case Operation.TranslateX:
                Geometry.Warp(pixels, scratch, height, width, fill, 1, 0, 0, 1, Math.Round(150.0 / 331 * width * signed), 0);
                break;
            case Operation.TranslateY:
                Geometry.Warp(pixels, scratch, height, width, fill, 1, 0, 0, 1, 0, Math.Round(150.0 / 331 * height * signed));
                break;
            case Operation.Rotate:
                (double sin, double cos) = Math.SinCos(Math.PI / 6 * signed);
                Geometry.Warp(pixels, scratch, height, width, fill, cos, sin, -sin, cos, 0, 0);
                break;
            case Operation.Brightness:
                Tone.Brightness(pixels, 1 + (0.9 * signed));
                break;
            case Operation.Color:
                Tone.Color(pixels, 1 + (0.9 * signed));
                break;
            case Operation.Contrast:
                Tone.Contrast(pixels, 1 + (0.9 * signed));
                break;
            case Operation.Sharpness:
                Tone.Sharpness(pixels, scratch, height, width, 1 + (0.9 * signed));
                break;
            case Operation.Posterize:
                Tone.Posterize(pixels, 8 - (int)Math.Round(4 * strength));
                break;
            case Operation.Solarize:
                Tone.Solarize(pixels, 255 * (1 - strength));
                break;
            case Operation.AutoContrast:
                Tone.AutoContrast(pixels);
                break;
            case Operation.Equalize:
                Tone.Equalize(pixels);
                break;
        }
    }
}
