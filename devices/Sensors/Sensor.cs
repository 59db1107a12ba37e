namespace EdgeVit.Devices;

/// <summary>One value that can be asked for again and again.</summary>
/// <param name="kind">The quantity.</param>
/// <param name="name">Its name.</param>
/// <param name="read">Asks for it; an exception's message is the reason why there is none.</param>
internal sealed class Sensor(SensorKind kind, string name, Func<double> read)
{
    public SensorKind Kind => kind;

    public string Name => name;

    public PowerScope Scope { get; init; }

    public bool Estimate { get; init; }

    /// <summary>Whatever happens, a reading comes back.</summary>
    public Reading Read()
    {
        try
        {
            double value = read();
            return double.IsFinite(value) ? Of(value, null) : Of(null, $"the sensor said {value}");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Of(null, e.Message) with { Remedy = (e as SensorException)?.Remedy };
        }
    }

    public Reading Of(double? value, string? missing) => new(kind, name, value, missing) { Scope = Scope, Estimate = Estimate };
}

/// <summary>A family of sensors.</summary>
internal interface ISensorSource
{
    /// <summary>What to call the family where it cannot be looked for.</summary>
    string Name { get; }

    /// <summary>What it measures most of all.</summary>
    SensorKind Kind { get; }

    /// <summary>Those that this machine has.</summary>
    IEnumerable<Sensor> Find();
}
