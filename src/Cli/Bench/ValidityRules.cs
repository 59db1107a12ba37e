using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>When a latency may be quoted: each rule that fails is named with what to do about it.</summary>
internal static class ValidityRules
{
    private const double MostSpread = 1.5;
    private const double MostLoad = 0.10;

    /// <summary>The rules that fail; none means VALID.</summary>
    public static IReadOnlyList<string> Failures(LatencyResult result, CpuClock clock, bool quick)
    {
        List<string> reasons = [];
        LatencyPlan plan = quick ? LatencyPlan.Quick : LatencyPlan.Full;
        if (result.Latency.Count < plan.Samples)
        {
            reasons.Add($"{result.Latency.Count} samples, {plan.Samples} are needed: measure longer (--duration)");
        }

        if (!quick && result.Seconds < plan.Duration.TotalSeconds)
        {
            reasons.Add($"measured for {Quantity.Fixed(result.Seconds, 1)} s, {plan.Duration.TotalSeconds:F0} s are needed: use --duration 60s");
        }

        if (result.Throttled == true)
        {
            reasons.Add("the board slowed itself down (throttle bits, or its supply was overloaded): use a better power supply or cooling and let it cool down");
        }

        if (clock.Governor is null)
        {
            reasons.Add("the frequency governor is unknown (a virtual machine?): measure on the board itself");
        }

        if (result.Latency.P90 is { } p90 && p90 / result.Latency.P50 >= MostSpread)
        {
            reasons.Add($"p90 is {Quantity.Fixed(p90 / result.Latency.P50, 2)} times p50, less than {Quantity.Fixed(MostSpread, 1)} is needed: close other programs, set the governor to performance");
        }

        if (result.OthersLoad is not { } load)
        {
            reasons.Add("the load of other processes is unknown (/proc/stat cannot be read)");
        }
        else if (load >= MostLoad)
        {
            reasons.Add($"other processes used {Quantity.Percent(load, 0)} of the processors, less than {Quantity.Percent(MostLoad, 0)} is needed: close them");
        }

        return reasons;
    }
}
