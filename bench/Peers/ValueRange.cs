namespace EdgeVit.Bench;

/// <summary>The least and the greatest of a value's elements, and the unsigned bytes that stand for them: <c>(byte - Zero) * Step</c>; zero is exact.</summary>
internal readonly record struct ValueRange(float Low, float High)
{
    /// <summary>Difference of neighbouring bytes.</summary>
    public float Step => Math.Max(Math.Max(High, 0) - Math.Min(Low, 0), 1e-6f) / 255;

    /// <summary>The byte of 0.</summary>
    public byte Zero => (byte)Math.Clamp(MathF.Round(-Math.Min(Low, 0) / Step), 0, 255);

    /// <summary>Of all elements of both.</summary>
    public ValueRange With(ReadOnlySpan<float> values)
    {
        (float low, float high) = (Low, High);
        foreach (float value in values)
        {
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        return new ValueRange(low, high);
    }
}
