namespace EdgeVit.Devices;

/// <summary>Processor names by implementer and part, where <c>/proc/cpuinfo</c> of ARM gives only numbers.</summary>
internal static class ArmProcessors
{
    private static readonly Dictionary<(int Implementer, int Part), string> s_names = new()
    {
        [(0x41, 0xD03)] = "Cortex-A53",
        [(0x41, 0xD04)] = "Cortex-A35",
        [(0x41, 0xD05)] = "Cortex-A55",
        [(0x41, 0xD07)] = "Cortex-A57",
        [(0x41, 0xD08)] = "Cortex-A72",
        [(0x41, 0xD09)] = "Cortex-A73",
        [(0x41, 0xD0A)] = "Cortex-A75",
        [(0x41, 0xD0B)] = "Cortex-A76",
        [(0x41, 0xD0C)] = "Neoverse-N1",
        [(0x41, 0xD40)] = "Neoverse-V1",
        [(0x41, 0xD41)] = "Cortex-A78",
        [(0x41, 0xD42)] = "Cortex-A78AE",
        [(0x41, 0xD49)] = "Neoverse-N2",
        [(0x4E, 0x003)] = "Denver 2",
        [(0x4E, 0x004)] = "Carmel",
    };

    public static string Name(int implementer, int part, string text) =>
        s_names.GetValueOrDefault((implementer, part), $"ARM part {text} of implementer 0x{implementer:x2}");
}
