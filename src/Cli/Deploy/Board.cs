using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>The steps of a deployment as calls: each runs one stored script on the board and turns what went wrong there into words.</summary>
/// <param name="ssh">The connection.</param>
/// <param name="address">The board.</param>
/// <param name="owner">Who holds the lock.</param>
internal sealed class Board(SshSession ssh, BoardAddress address, LockOwner owner)
{
    private static readonly TimeSpan s_short = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(20);

    private string _folder = "", _incoming = "", _payload = "";
    private bool _sudo;

    /// <summary>What the board is.</summary>
    public BoardState Look(string folder, bool service, int port, CancellationToken token)
    {
        SshResult result = ssh.Run("preflight.sh", [folder, service ? "yes" : "no", FormattableString.Invariant($"{port}")], sudo: false, s_short, token);
        return result.Answer is not null ? new BoardState(result.Values) : throw new UserException(
            $"{address} has no shell that reads commands ({Said(result)}). A board needs a POSIX shell, sh, and a login that does not end at once.");
    }

    /// <summary>Takes the lock and makes a place for what is sent; returns its folder, and whether the version is there already.</summary>
    /// <exception cref="UserException">Another deployment is under way, or nothing can be written.</exception>
    public (string Place, bool Have) Begin(BoardState state, bool sudo, string version, CancellationToken token)
    {
        _folder = state.Folder;
        _sudo = sudo;
        _incoming = $"incoming.{owner.Id}";
        string connection = ssh.Shared ? state.Connection : "";
        SshResult result = Locking(force => Script("begin.sh", [_folder, _incoming, owner.ToString(), connection, force, version], s_short, token));
        Demand(result, "begun");
        return ($"{_folder}/{_incoming}", result.Values.ContainsKey("have"));
    }

    /// <summary>Sends an archive into the place of <see cref="Begin"/>.</summary>
    public void Send(Action<Stream> write, CancellationToken token)
    {
        SshResult result = ssh.Unpack($"{_folder}/{_incoming}", write, _sudo, s_long, token);
        if (result.ExitCode != 0)
        {
            throw new UserException(result.Error.Contains("No space left", StringComparison.Ordinal)
                ? $"the disk of {address} is full: {_folder} has no room for the tool and the model. Make room there, or name another place with --folder. Nothing was installed."
                : $"{address} could not take the files ({Said(result)}). Nothing was installed.");
        }
    }

    /// <summary>Compares every hash there, and sets the folder that the tool is started from.</summary>
    public void Verify(string payload, CancellationToken token)
    {
        _payload = payload;
        Demand(Script("verify.sh", [_folder, payload], s_short, token), "verified");
    }

    /// <summary>Starts the tool there and returns its JSON and its exit code.</summary>
    /// <exception cref="UserException">It did not start, or printed no JSON.</exception>
    public (JsonObject Json, int Code) Tool(CancellationToken token, params string[] arguments)
    {
        SshResult result = Script("tool.sh", [_folder, _incoming, _payload, .. arguments], s_long, token);
        if (result.Values.GetValueOrDefault("error") is { } error && result.ExitCode == 10)
        {
            throw Failure(error, result);
        }

        try
        {
            return (JsonNode.Parse(result.Answer ?? "")!.AsObject(), result.ExitCode);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            string why = result.ExitCode switch
            {
                126 => "the system there refuses to start it: a folder mounted noexec, or a program for another processor",
                127 => "its loader or a library is missing there: the board needs a 64-bit system with glibc",
                134 or 139 or 132 => $"it crashed (exit code {result.ExitCode})",
                137 => "it was killed, for want of memory perhaps",
                _ => $"exit code {result.ExitCode}",
            };
            throw new UserException($"'edgevit {arguments[0]}' did not run on {address}: {why} ({Said(result)}). Nothing was installed.", inner: e);
        }
    }

    /// <summary>Takes files beside the tool away again.</summary>
    public void Drop(IEnumerable<string> names, CancellationToken token) => Demand(Script("drop.sh", [_payload, .. names], s_short, token), "dropped");

    /// <summary>Makes the version current; with a service, from the unit to its first answer.</summary>
    /// <exception cref="UserException">The service did not come up; the former state is back.</exception>
    public IReadOnlyDictionary<string, string> Activate(string version, bool service, int port, string unit, CancellationToken token)
    {
        SshResult result = Script("activate.sh", [_folder, _incoming, owner.ToString(), version, service ? "yes" : "no", ServiceUnit.Folder, FormattableString.Invariant($"{port}"), unit], s_long, token);
        Demand(result, "activated");
        return result.Values;
    }

    /// <summary>Clears away what was sent; returns the version that is in use, empty for none.</summary>
    public string Abort(CancellationToken token) =>
        Script("abort.sh", [_folder, _incoming, owner.ToString()], s_short, token).Values.GetValueOrDefault("current", "");

    /// <summary>Takes away folders and the unit; returns what the board says went.</summary>
    public IReadOnlyList<string> Remove(BoardState state, bool sudo, bool unit, IReadOnlyList<string> folders, CancellationToken token)
    {
        _sudo = sudo;
        string connection = ssh.Shared ? state.Connection : "";
        SshResult result = Locking(force => Script("remove.sh", [unit ? ServiceUnit.Folder : "", owner.ToString(), connection, force, .. folders], s_short, token));
        Demand(result, "done");
        return [.. result.Answer!.Split('\n').Where(l => l.StartsWith("removed: ", StringComparison.Ordinal) || l.StartsWith("left: ", StringComparison.Ordinal))];
    }

    // A lock whose owner has died on this machine is taken over.
    private static SshResult Locking(Func<string, SshResult> ask)
    {
        SshResult result = ask("no");
        return result.Values.GetValueOrDefault("error") == "locked" && LockOwner.IsGone(result.Values.GetValueOrDefault("detail", "")) ? ask("yes") : result;
    }

    private SshResult Script(string name, IEnumerable<string> arguments, TimeSpan most, CancellationToken token) => ssh.Run(name, arguments, _sudo, most, token);

    private void Demand(SshResult result, string name)
    {
        if (!result.Values.ContainsKey(name))
        {
            throw Failure(result.Values.GetValueOrDefault("error", ""), result);
        }
    }

    private UserException Failure(string error, SshResult result)
    {
        string detail = result.Values.GetValueOrDefault("detail", "");
        return error switch
        {
            "locked" => new UserException($"another deployment to {address} is under way ({LockOwner.Describe(detail)}). Wait for its end; a lock that nobody uses any more is taken over after half an hour."),
            "write" => new UserException($"{address} cannot write there: {detail}. Is the disk full or the folder another user's? Nothing was changed."),
            "foreign" => new UserException($"{detail} on {address} is there already and of no deployment, which would clear it away. Name another folder with --folder. Nothing was changed."),
            "sums" => new UserException($"the files that arrived on {address} are not those that were sent ({detail}). Deploy again; where it stays so, check the board's memory and SD card.", ExitCode.CheckFailed),
            "gone" => new UserException($"{detail} has vanished from {address} meanwhile. Deploy again."),
            "unit" => new UserException($"systemd on {address} does not take the unit: {detail}. The former state is back."),
            "service" => new UserException($"the service did not come up on {address} ({detail}); the former state is back.{Journal(result)}"),
            _ => new UserException($"{address} gave no sense back (exit code {result.ExitCode}; {Said(result)}). Deploy again."),
        };
    }

    private static string Journal(SshResult result)
    {
        const string Prefix = "journal: ";
        string[] lines = [.. (result.Answer ?? "").Split('\n').Where(l => l.StartsWith(Prefix, StringComparison.Ordinal))];
        return lines.Length == 0 ? " Its journal has no line." : $" The last lines of its journal:{string.Concat(lines.Select(l => $"\n  {l[Prefix.Length..]}"))}";
    }

    private static string Said(SshResult result) => result.LastWords.Length > 0 ? $"it said: {result.LastWords}" : "it said nothing";
}
