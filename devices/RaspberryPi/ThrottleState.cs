namespace EdgeVit.Devices;

/// <summary>The throttle bits of a Raspberry Pi's firmware: now (bits 0 to 3) and since it was switched on (bits 16 to 19).</summary>
/// <param name="Bits">As <c>vcgencmd get_throttled</c> prints them.</param>
public readonly record struct ThrottleState(uint Bits)
{
    private static readonly string[] s_causes = ["under-voltage", "frequency capped", "throttled", "soft temperature limit"];

    /// <summary>Whether something slows the board down at this moment.</summary>
    public bool Now => (Bits & 0xF) != 0;

    /// <summary>Whether something has slowed it down since it was switched on.</summary>
    public bool SinceBoot => ((Bits >> 16) & 0xF) != 0;

    /// <summary>The causes at this moment, in words.</summary>
    public IReadOnlyList<string> CausesNow => Causes(Bits & 0xF);

    /// <summary>The causes since it was switched on, in words.</summary>
    public IReadOnlyList<string> CausesSinceBoot => Causes((Bits >> 16) & 0xF);

    private static string[] Causes(uint bits) => [.. s_causes.Where((_, i) => ((bits >> i) & 1) != 0)];
}
