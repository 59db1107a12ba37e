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
        string option = result.Windows.Count > 0 ? "--sustained" : "--duration";
        if (result.Latency.Count < plan.Samples)
        {
            reasons.Add($"{result.Latency.Count} samples, {plan.Samples} are needed: measure longer ({option})");
        }

        if (!quick && result.Seconds < plan.Duration.TotalSeconds)
        {
            reasons.Add($"measured for {Quantity.Fixed(result.Seconds, 1)} s, {plan.Duration.TotalSeconds:F0} s are needed: use {option} 60s");
        }

        // What a sustained measurement is for; it says in which windows.
        if (result.Throttled == true && result.Windows.Count == 0)
        {
            reasons.Add("the board slowed itself down (throttle bits, an overloaded supply or too low a voltage): use a better power supply or cooling and let it cool down");
        }

        if (clock.Governor is null)
        {
            reasons.Add("the frequency governor is unknown (a virtual machine?): measure on the board itself");
        }

        double? ratio = result.Windows.Count > 0 ? SustainedWindows.Spread(result.Windows) : result.Latency.P90 / result.Latency.P50;
        if (ratio is { } spread && spread >= MostSpread)
        {
            string where = result.Windows.Count > 0 ? " in a usual window" : "";
            reasons.Add($"p90 is {Quantity.Fixed(spread, 2)} times p50{where}, less than {Quantity.Fixed(MostSpread, 1)} is needed: close other programs, set the governor to performance");
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

    /// <summary>The rules about the machine that fail, whatever was measured.</summary>
    /// <param name="loadBefore">What other processes used before the measurement; null where unknown or not watched.</param>
    /// <param name="others">Benches that ran at the same time.</param>
    public static IEnumerable<string> Disturbances(double? loadBefore, IReadOnlyList<OtherBench> others)
    {
        if (loadBefore >= MostLoad)
        {
            yield return $"other processes used {Quantity.Percent(loadBefore.Value, 0)} of the processors before the measurement, less than {Quantity.Percent(MostLoad, 0)} is needed: close them";
        }

        foreach (OtherBench other in others)
        {
            yield return $"{Disturbing(other)}: run one after the other";
        }
    }

    /// <summary>What is said about a bench at the same time.</summary>
    public static string Disturbing(OtherBench other) => $"another bench ({other}) runs on this machine and disturbs";
}
