namespace EdgeVit.Runtime;

/// <summary>Looks for NaN and infinities.</summary>
internal static class FiniteScan
{
    internal static int IndexOfNonFinite(this ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }

    internal static int IndexOfNonFinite(this ReadOnlySpan<Half> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!Half.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
