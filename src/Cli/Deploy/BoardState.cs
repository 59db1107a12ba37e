using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>What a board said of itself, read from the lines <c>name=value</c> of preflight.sh. What it did not say is null or empty.</summary>
internal sealed partial class BoardState(IReadOnlyDictionary<string, string> values)
{
    /// <summary>The folder of the installation, an absolute path.</summary>
    public string Folder => Text("folder");

    public string System => Text("system");

    /// <summary>The kernel's architecture, as <c>uname -m</c> says.</summary>
    public string Machine => Text("machine");

    public string Kernel => Text("kernel");

    /// <summary>Bits of the programs there.</summary>
    public int? UserLandBits => Text("bits") switch { "1" => 32, "2" => 64, _ => null };

    /// <summary>The version of glibc; null where it is another C library or unknown.</summary>
    public Version? Glibc => Musl ? null : Text("libc") is { } text && LibcVersion().Match(text) is { Success: true } match && Version.TryParse(match.Value, out Version? version) ? version : null;

    /// <summary>Whether the C library is musl, as on Alpine.</summary>
    public bool Musl => Text("musl").Length > 0 || Text("libc").Contains("musl", StringComparison.OrdinalIgnoreCase);

    /// <summary>The C library in the board's words.</summary>
    public string Libc => Musl ? "musl" : Text("libc");

    public string OperatingSystem => Text("os");

    public string Board => Text("board");

    public long? MemoryBytes => Kilobytes("memory_kb");

    public string User => Text("user");

    public bool IsRoot => Text("uid") == "0";

    /// <summary>How root's rights are to be had: <c>yes</c>, <c>sudo</c>, <c>no</c>; empty where it was not asked.</summary>
    public string Root => Text("root");

    public IReadOnlyList<string> Groups => Words("groups");

    /// <summary>Those of video, i2c and gpio that the board has.</summary>
    public IReadOnlyList<string> KnownGroups => Words("known_groups");

    /// <summary>Programs that a deployment needs and the board lacks.</summary>
    public IReadOnlyList<string> MissingPrograms => Words("missing");

    /// <summary>The folder nearest to <see cref="Folder"/> that is there.</summary>
    public string Place => Text("place");

    public bool Writable => Text("writable") == "yes";

    public long? FreeBytes => Kilobytes("free_kb");

    public string Mount => Text("mount");

    public IReadOnlyList<string> MountOptions => Text("mount_options").Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The version that is in use; null where there is none.</summary>
    public string? CurrentVersion => Text("current") is { Length: > 0 } link ? link[(link.LastIndexOf('/') + 1)..] : null;

    /// <summary>Folders in the usual places in which something of ours is.</summary>
    public IReadOnlyList<string> Installations => [.. new[] { Text("there_home"), Text("there_opt") }.Where(f => f.Length > 0)];

    /// <summary>The unit's file; null where there is none.</summary>
    public string? Unit => Text("unit") is { Length: > 0 } unit ? unit : null;

    /// <summary>The version line of systemd; empty where it does not run.</summary>
    public string Systemd => Text("systemd");

    /// <summary>Whether another program listens on the service's port.</summary>
    public bool PortTaken => Text("taken").Length > 0;

    /// <summary>The process that lives as long as the connection, and when it began; empty where unknown.</summary>
    public string Connection => Text("connection");

    /// <summary>The runtime identifier of .NET; null where there is none of ours for it.</summary>
    public string? Rid => (System, Machine, UserLandBits ?? 64) switch
    {
        ("Linux", "aarch64" or "arm64", 64) => "linux-arm64",
        ("Linux", "x86_64" or "amd64", 64) => "linux-x64",
        _ => null,
    };

    public JsonObject Json() => new()
    {
        ["board"] = Board.Length > 0 ? Board : null,
        ["os"] = OperatingSystem,
        ["machine"] = Machine,
        ["user_land_bits"] = UserLandBits,
        ["kernel"] = Kernel,
        ["libc"] = Libc,
        ["memory_bytes"] = MemoryBytes,
        ["free_bytes"] = FreeBytes,
        ["user"] = User,
        ["groups"] = new JsonArray([.. Groups.Select(g => (JsonNode)g)]),
        ["systemd"] = Systemd.Length > 0 ? Systemd : null,
    };

    private string Text(string name) => values.GetValueOrDefault(name, "");

    private string[] Words(string name) => Text(name).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private long? Kilobytes(string name) => long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value < long.MaxValue / 1024 ? value * 1024 : null;

    [GeneratedRegex(@"\b2\.[0-9]{1,3}\b")]
    private static partial Regex LibcVersion();
}
