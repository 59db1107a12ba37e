using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>What the sensors beside thermometer and throttle bits show, and those that cannot be read though they are there.</summary>
internal static class SensorFindings
{
    private const string PowerSupply = "use the power supply that is made for this board";

    public static IEnumerable<Finding> Of(BoardInfo board, ThrottleState? throttle, IReadOnlyList<Reading> readings) =>
        [.. Supply(throttle, readings), .. Unreadable(board, readings)];

    private static IEnumerable<Finding> Supply(ThrottleState? throttle, IReadOnlyList<Reading> readings)
    {
        if (throttle is null && readings.Any(r => r is { Kind: SensorKind.UnderVoltage, Value: > 0 }))
        {
            yield return new Finding(Finding.Problem, "the supply's voltage is too low right now", PowerSupply);
        }

        foreach (Reading counter in readings.Where(r => r is { Kind: SensorKind.OverCurrent, Value: > 0 }))
        {
            yield return new Finding(
                Finding.Note, $"the supply was overloaded {Quantity.Count((long)counter.Value!.Value)} times since boot ({counter.Sensor})", PowerSupply);
        }
    }

    private static IEnumerable<Finding> Unreadable(BoardInfo board, IReadOnlyList<Reading> readings)
    {
        foreach (IGrouping<string, Reading> group in readings.Where(r => r.Remedy is not null).GroupBy(r => r.Remedy!))
        {
            yield return new Finding(Finding.Note, $"not measured: {string.Join(", ", group.Select(r => r.Sensor).Distinct())}: {group.First().Missing}", group.Key);
        }

        if (board.Kind == BoardKind.RaspberryPi && readings.FirstOrDefault(r => r is { Kind: SensorKind.Throttle, Value: null, Remedy: null }) is { } throttle)
        {
            yield return new Finding(Finding.Note, $"whether this board slows itself down is not known: {throttle.Missing}");
        }
    }
}
