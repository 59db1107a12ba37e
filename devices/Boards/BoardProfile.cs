namespace EdgeVit.Devices;

/// <summary>What makers publish of a type of board, to hold a machine against.</summary>
/// <param name="Name">The type.</param>
/// <param name="Cpu">Its processor.</param>
/// <param name="Cores">Cores when all are switched on.</param>
/// <param name="MaximumMHz">The highest clock that is set at the factory.</param>
/// <param name="LimitCelsius">From here on it slows itself down; null where nothing is published.</param>
/// <param name="PowerSource">What measures its power; null where the board has nothing and a meter must be put into its supply.</param>
public sealed record BoardProfile(string Name, string Cpu, int Cores, double MaximumMHz, double? LimitCelsius, string? PowerSource)
{
    // Raspberry Pi: documentation of config.txt (clocks) and of frequency management (80 C, the 3B+ 60 C). Jetson: the clock
    // of the mode without bounds; no limit is given, as none was found that holds for all modes.
    // A later name that begins with an earlier one stands before it.
    private static readonly (string Model, BoardProfile Profile)[] s_profiles =
    [
        ("Raspberry Pi 3 Model B Plus", new("Raspberry Pi 3B+", "Cortex-A53", 4, 1400, 60, null)),
        ("Raspberry Pi 4 Model B", new("Raspberry Pi 4", "Cortex-A72", 4, 1800, 80, null)),
        ("Raspberry Pi 5", new("Raspberry Pi 5", "Cortex-A76", 4, 2400, 80, "power chip (an estimate)")),
        ("Raspberry Pi Zero 2 W", new("Raspberry Pi Zero 2 W", "Cortex-A53", 4, 1000, 80, null)),
        ("NVIDIA Jetson Orin Nano", new("Jetson Orin Nano", "Cortex-A78AE", 6, 1728, null, "VDD_IN")),
        ("NVIDIA Jetson Nano", new("Jetson Nano", "Cortex-A57", 4, 1479, null, "POM_5V_IN")),
    ];

    /// <summary>The profile of a model as the device tree names it; null where there is none.</summary>
    public static BoardProfile? Of(string model) => Array.Find(s_profiles, p => model.StartsWith(p.Model, StringComparison.OrdinalIgnoreCase)).Profile;
}
