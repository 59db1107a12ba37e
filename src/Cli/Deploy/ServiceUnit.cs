using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>The systemd unit of a deployed model.</summary>
internal static partial class ServiceUnit
{
    /// <summary>Where units of the administrator lie.</summary>
    public const string Folder = "/etc/systemd/system";

    private const long Least = 96L << 20;

    /// <summary>The unit's text.</summary>
    /// <param name="folder">The folder of the installation.</param>
    /// <param name="model">The model's name, for the description.</param>
    /// <param name="port">The port on the loopback address.</param>
    /// <param name="groups">Groups of the board whose devices the service may use.</param>
    /// <param name="memory">The bound of its memory in bytes; null for none.</param>
    public static string Text(string folder, string model, int port, IReadOnlyList<string> groups, long? memory)
    {
        List<string> lines =
        [
            "# Written by edgevit deploy; the next one writes it again. Changes of your own: systemctl edit edgevit",
            "[Unit]",
            $"Description=EdgeVit, {Plain().Replace(model, "_")}",
            "After=network.target",
            "StartLimitIntervalSec=300",
            "StartLimitBurst=10",
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            FormattableString.Invariant($"ExecStart={folder}/current/{ToolPackage.Program} serve {folder}/current/{Payload.Model} --port {port}"),
            "DynamicUser=yes",
        ];
        if (groups.Count > 0)
        {
            lines.Add($"SupplementaryGroups={string.Join(' ', groups)}");
        }

        lines.AddRange(
        [
            "Restart=on-failure",
            "RestartSec=2",
            "TimeoutStartSec=90",
            "WatchdogSec=30",
            "CPUWeight=80",
        ]);
        if (memory is { } bytes)
        {
            lines.Add($"MemoryMax={(bytes >> 20).ToString(CultureInfo.InvariantCulture)}M");
        }

        // The tool writes machine code while it runs: MemoryDenyWriteExecute would end it.
        lines.AddRange(
        [
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectControlGroups=yes",
            "PrivateTmp=yes",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
            "RestrictNamespaces=yes",
            "LockPersonality=yes",
            "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]);
        return string.Join('\n', lines);
    }

    /// <summary>The bound of the memory: four times what the model needed on the board and 64 MiB, at least 96 MiB, at most three quarters of the
    /// board's; null where nothing is known.</summary>
    public static long? MemoryMax(long? measured, long? board)
    {
        if (measured is not { } need)
        {
            return null;
        }

        long bound = Math.Max(Least, (4 * need) + (64L << 20));
        return board is { } all and > 0 ? Math.Min(bound, all / 4 * 3) : bound;
    }

    /// <summary>Refuses a folder that a unit cannot name or that the unit's own protection hides.</summary>
    /// <exception cref="UserException">It is such a folder.</exception>
    public static void CheckFolder(string folder)
    {
        if (!PlainPath().IsMatch(folder) || folder.Contains("..", StringComparison.Ordinal))
        {
            throw new UserException($"--folder {folder} cannot be the folder of a service: expected an absolute path of letters, digits, '.', '_' and '-'.", ExitCode.Usage);
        }

        string[] hidden = ["/home", "/root", "/run", "/tmp", "/var/tmp", "/proc", "/sys", "/dev"];
        if (hidden.FirstOrDefault(h => folder == h || folder.StartsWith(h + "/", StringComparison.Ordinal)) is { } place)
        {
            throw new UserException($"--folder {folder} cannot be the folder of a service: {place} is hidden from it. /opt/edgevit is the usual place.", ExitCode.Usage);
        }
    }

    [GeneratedRegex("[^A-Za-z0-9 ._-]")]
    private static partial Regex Plain();

    [GeneratedRegex("^/[A-Za-z0-9._/-]+$")]
    private static partial Regex PlainPath();
}
