using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>Finds out what this machine is, from the device tree, DMI and <c>/proc</c>.</summary>
public static class BoardDetector
{
    /// <summary>Features worth naming: those that a kernel set uses or could use.</summary>
    private static readonly HashSet<string> s_features = new(StringComparer.Ordinal)
    {
        "asimd", "neon", "asimddp", "i8mm", "sve", "sve2",
        "popcnt", "ssse3", "fma", "avx2", "avx512f", "avx512bw", "avx512_vbmi", "avx512vbmi", "avx512_vpopcntdq", "avx_vnni",
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
            files.Text("proc/sys/kernel/osrelease") ?? "unknown")
        {
            UserLandBits = UserLand(files),
            Profile = BoardProfile.Of(model),
            PowerMode = PowerMode.Read(files),
        };
    }

    // The class of an ELF file: 1 has 32 bits, 2 has 64.
    private static int? UserLand(SystemFiles files)
    {
        byte[] start = files.Start("bin/sh", 5);
        return start is [0x7F, (byte)'E', (byte)'L', (byte)'F', 1 or 2] ? 32 * start[4] : null;
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
            : string.Join(" + ", parts.Select(p => ArmProcessors.Name(implementer, Hex($":{p}"), p)));
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
