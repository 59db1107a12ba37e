using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>The families of machines that are distinguished.</summary>
public enum BoardKind
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>Any Raspberry Pi.</summary>
    RaspberryPi,

    /// <summary>An NVIDIA Jetson.</summary>
    Jetson,

    /// <summary>A desktop, laptop or server.</summary>
    Pc,

    /// <summary>A virtual machine; its clock and temperature are its host's.</summary>
    VirtualMachine,
}

/// <summary>What this machine is.</summary>
/// <param name="Kind">Its family.</param>
/// <param name="Model">The maker's name for it, such as <c>Raspberry Pi 5 Model B Rev 1.0</c>.</param>
/// <param name="Cpu">The processor's name.</param>
/// <param name="Cores">Logical processors that are on line.</param>
/// <param name="Architecture">Architecture of the kernel, such as <c>aarch64</c>.</param>
/// <param name="Is64BitProcess">Whether this process runs as 64-bit code.</param>
/// <param name="Features">The instruction-set features that matter for the kernels, in the kernel's spelling.</param>
/// <param name="MemoryBytes">Main memory; 0 where unknown.</param>
/// <param name="OperatingSystem">The distribution.</param>
/// <param name="Kernel">The kernel's release.</param>
public sealed record BoardInfo(
    BoardKind Kind,
    string Model,
    string Cpu,
    int Cores,
    string Architecture,
    bool Is64BitProcess,
    IReadOnlyList<string> Features,
    long MemoryBytes,
    string OperatingSystem,
    string Kernel);

/// <summary>Finds out what this machine is, from the device tree, DMI and <c>/proc</c>.</summary>
public static class BoardDetector
{
    /// <summary>Features worth naming: those that a kernel set uses or could use.</summary>
    private static readonly HashSet<string> s_features = new(StringComparer.Ordinal)
    {
        "asimd", "neon", "asimddp", "i8mm", "sve", "sve2",
        "popcnt", "ssse3", "fma", "avx2", "avx512f", "avx512bw", "avx512_vbmi", "avx512vbmi", "avx512_vpopcntdq", "avx_vnni",
    };

    /// <summary>Processor names by implementer and part, where <c>/proc/cpuinfo</c> of ARM gives only numbers.</summary>
    private static readonly Dictionary<(int Implementer, int Part), string> s_arm = new()
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

    /// <summary>Reads what there is; what is not there is named <c>unknown</c>.</summary>
    public static BoardInfo Detect(SystemFiles? files = null)
    {
        files ??= SystemFiles.Machine;
        IReadOnlyList<string> cpuinfo = files.Lines("proc/cpuinfo");
        string model = Model(files);
        return new BoardInfo(
            KindOf(files, model, cpuinfo),
            model,
            CpuName(cpuinfo),
            Math.Max(1, cpuinfo.Count(line => Key(line) == "processor")),
            files.Text("proc/sys/kernel/arch") ?? RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
            Environment.Is64BitProcess,
            Features(cpuinfo),
            Memory(files),
            Distribution(files),
            files.Text("proc/sys/kernel/osrelease") ?? "unknown");
    }

    private static string Model(SystemFiles files)
    {
        if ((files.Text("proc/device-tree/model") ?? files.Text("sys/firmware/devicetree/base/model")) is { Length: > 0 } tree)
        {
            return tree;
        }

        string[] parts = [.. new[] { files.Text("sys/class/dmi/id/sys_vendor"), files.Text("sys/class/dmi/id/product_name") }.OfType<string>().Where(p => p.Length > 0)];
        return parts.Length > 0 ? string.Join(' ', parts) : "unknown";
    }

    private static BoardKind KindOf(SystemFiles files, string model, IReadOnlyList<string> cpuinfo)
    {
        if (model.Contains("Raspberry Pi", StringComparison.OrdinalIgnoreCase))
        {
            return BoardKind.RaspberryPi;
        }

        if (model.Contains("Jetson", StringComparison.OrdinalIgnoreCase) || model.Contains("NVIDIA Orin", StringComparison.OrdinalIgnoreCase))
        {
            return BoardKind.Jetson;
        }

        bool hypervisor = cpuinfo.FirstOrDefault(l => Key(l) == "flags") is { } flags && flags.Split(' ').Contains("hypervisor");
        if (hypervisor)
        {
            return BoardKind.VirtualMachine;
        }

        return files.Text("sys/class/dmi/id/product_name") is null ? BoardKind.Other : BoardKind.Pc;
    }

    private static string CpuName(IReadOnlyList<string> cpuinfo)
    {
        if (cpuinfo.FirstOrDefault(l => Key(l) is "model name") is { } named)
        {
            return ValueOf(named);
        }

        string[] parts = [.. cpuinfo.Where(l => Key(l) == "CPU part").Select(ValueOf).Distinct()];
        int implementer = Hex(cpuinfo.FirstOrDefault(l => Key(l) == "CPU implementer"));
        return parts.Length == 0
            ? "unknown"
            : string.Join(" + ", parts.Select(p => s_arm.GetValueOrDefault((implementer, Hex($":{p}")), $"ARM part {p} of implementer 0x{implementer:x2}")));
    }

    private static IReadOnlyList<string> Features(IReadOnlyList<string> cpuinfo) =>
        cpuinfo.FirstOrDefault(l => Key(l) is "flags" or "Features") is { } line ? [.. ValueOf(line).Split(' ').Where(s_features.Contains)] : [];

    private static long Memory(SystemFiles files)
    {
        string? line = files.Lines("proc/meminfo").FirstOrDefault(l => Key(l) == "MemTotal");
        return line is not null && long.TryParse(ValueOf(line).Split(' ')[0], out long kibibytes) ? kibibytes * 1024 : 0;
    }

    private static string Distribution(SystemFiles files) =>
        files.Lines("etc/os-release").FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) is { } line
            ? line["PRETTY_NAME=".Length..].Trim('"') : RuntimeInformation.OSDescription;

    private static string Key(string line) => line.Split(':')[0].Trim();

    private static string ValueOf(string line) => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();

    private static int Hex(string? line)
    {
        if (line is null)
        {
            return 0;
        }

        string text = ValueOf(line);
        return text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(text.AsSpan(2), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out int value)
            ? value : 0;
    }
}
