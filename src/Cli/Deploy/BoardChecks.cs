namespace EdgeVit.Cli;

/// <summary>One thing that stands against a deployment.</summary>
internal sealed record BoardObstacle(string What, string Found, string Expected, string Remedy, bool Unsupported = false)
{
    public override string ToString() => $"{What}: found {Found}, expected {Expected}. {Remedy}";
}

/// <summary>What a deployment needs: bytes on the board, the C library, root's rights.</summary>
internal sealed record DeployNeeds(long Bytes, Version? Glibc, bool Service, int Port);

/// <summary>Whether a board can take a deployment, and what to do where it cannot.</summary>
internal static class BoardChecks
{
    /// <summary>Whether there is a tool for this kind of machine at all.</summary>
    public static IEnumerable<BoardObstacle> OfMachine(BoardState state)
    {
        if (state.System != "Linux")
        {
            yield return new("operating system", Or(state.System, "nothing that answers to uname"), "Linux", "Deploy to a board that runs Linux.", Unsupported: true);
        }
        else if (state.Rid is null)
        {
            bool bits = state.Machine is "aarch64" or "arm64" or "x86_64" or "amd64";
            bool arm = bits || state.Machine.StartsWith("armv", StringComparison.Ordinal);
            yield return new(
                "architecture",
                bits ? $"{state.Machine}, but 32-bit programs" : Or(state.Machine, "nothing that answers to uname -m"),
                "64-bit ARM (aarch64) or x64",
                arm ? "Install the 64-bit system on the board: in Raspberry Pi Imager choose 'Raspberry Pi OS (64-bit)'. Raspberry Pi 3, 4, 5, 400, 500 and Zero 2 W can run it; 1, 2 (before revision 1.2), Zero and Zero W cannot."
                    : "Take a board of one of these kinds.",
                Unsupported: true);
        }

        if (state.Musl)
        {
            yield return new("C library", "musl", "glibc", "Take a distribution with glibc, such as Debian, Ubuntu or Raspberry Pi OS; Alpine and others with musl cannot run the tool.", Unsupported: true);
        }
    }

    /// <summary>What else is needed.</summary>
    public static IEnumerable<BoardObstacle> OfSystem(BoardState state, DeployNeeds needs) =>
        [.. OfMachine(state), .. OfLibrary(state, needs), .. OfFolder(state, needs), .. needs.Service ? OfService(state, needs) : []];

    /// <summary>What does not stop a deployment but should be known.</summary>
    public static IEnumerable<string> Hints(BoardState state, bool service)
    {
        if (service || state.IsRoot)
        {
            yield break;
        }

        string[] absent = [.. state.KnownGroups.Except(state.Groups)];
        if (absent.Length > 0)
        {
            yield return $"{state.User} is not in the group{(absent.Length > 1 ? "s" : "")} {string.Join(", ", absent)}: cameras, throttle bits or sensors may be out of reach. On the board:  sudo usermod -aG {string.Join(',', absent)} {state.User}";
        }
    }

    /// <summary>One message for all obstacles; nothing where there are none.</summary>
    /// <exception cref="UserException">There are some.</exception>
    public static void Demand(BoardAddress address, IEnumerable<BoardObstacle> obstacles)
    {
        BoardObstacle[] all = [.. obstacles];
        if (all.Length > 0)
        {
            string list = all.Length == 1 ? all[0].ToString() : string.Concat(all.Select(o => $"\n  {o}"));
            throw new UserException($"{address} cannot take this. {list}", all.Any(o => o.Unsupported) ? ExitCode.NotSupported : ExitCode.Failure);
        }
    }

    private static IEnumerable<BoardObstacle> OfLibrary(BoardState state, DeployNeeds needs)
    {
        if (!state.Musl && needs.Glibc is { } wanted && state.Glibc is { } found && found < wanted)
        {
            yield return new("glibc", found.ToString(), $"{wanted} or later", "Update the board's system: Debian 11, Ubuntu 20.04, JetPack 5 and everything later have 2.31 or later. An archive of ./publish.sh needs 2.29 only.", Unsupported: true);
        }

        if (state.MissingPrograms.Count > 0)
        {
            yield return new("programs", $"no {string.Join(", ", state.MissingPrograms)}", "them in the PATH", "Install them on the board; Debian has them in coreutils, findutils, gzip, sed and tar, busybox in itself.");
        }
    }

    private static IEnumerable<BoardObstacle> OfFolder(BoardState state, DeployNeeds needs)
    {
        if (state.FreeBytes is { } free && free < needs.Bytes)
        {
            yield return new("free disk", $"{Quantity.Bytes(free)} on {Or(state.Mount, state.Place)}", $"{Quantity.Bytes(needs.Bytes)}", "Make room there ('sudo apt-get clean', 'sudo journalctl --vacuum-size=50M'), or name another place with --folder.");
        }

        if (state.MountOptions.Contains("noexec"))
        {
            yield return new("file system", $"{state.Mount} is mounted noexec", "one that programs may run from", "Name a folder on another file system with --folder.");
        }

        if (state.MountOptions.Contains("ro"))
        {
            yield return new("file system", $"{state.Mount} is mounted read-only", "one that can be written to", "Name a folder on another file system with --folder, or mount it writable ('sudo mount -o remount,rw ...').");
        }
        else if (!needs.Service && !state.Writable)
        {
            yield return new("folder", $"{state.User} may not write to {state.Place}", "a folder of this user", "Name another with --folder, or log in as another user.");
        }
    }

    private static IEnumerable<BoardObstacle> OfService(BoardState state, DeployNeeds needs)
    {
        if (state.Systemd.Length == 0)
        {
            yield return new("service", "no systemd", "a board that systemd has started", "Deploy without --service and start the tool as this system starts its programs.", Unsupported: true);
        }

        if (state.Root is not ("yes" or "sudo"))
        {
            yield return new("rights", $"{state.User} is neither root nor may it use sudo without a password", "one of the two", $"Deploy as root (root@...), or allow it on the board:  echo '{state.User} ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/edgevit");
        }

        if (state.PortTaken)
        {
            yield return new("port", FormattableString.Invariant($"another program listens on {needs.Port}"), "a free one", "Name another with --service-port.");
        }
    }

    private static string Or(string text, string other) => text.Length > 0 ? text : other;
}
