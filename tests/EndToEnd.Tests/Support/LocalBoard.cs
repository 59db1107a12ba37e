using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>This machine as a board: an ssh server of the test's own on a loopback port, with keys and a home folder that are thrown away, and an
/// <c>ssh</c> in the PATH that can fail at any call.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LocalBoard : IDisposable
{
    private const string Server = "/usr/sbin/sshd";

    private readonly TestFolder _folder = new();
    private readonly Process? _server;

    public LocalBoard()
    {
        Missing = Why();
        if (Missing is not null)
        {
            return;
        }

        // A home whose name every script has to quote.
        Home = _folder["ho me's"];
        Directory.CreateDirectory(Home);
        Keygen("host");
        Keygen("id");
        File.Copy(_folder["id.pub"], _folder["authorized"]);
        int port = FreePort();
        File.WriteAllText(_folder["sshd_config"], $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {_folder["host"]}
            AuthorizedKeysFile {_folder["authorized"]}
            StrictModes no
            UsePAM no
            PidFile none
            SetEnv "HOME={Home}"

            """);
        File.WriteAllText(_folder["config"], $"""
            Host board
              HostName 127.0.0.1
              Port {port}
            Host *
              User {Environment.UserName}
              IdentityFile {_folder["id"]}
              IdentitiesOnly yes
              UserKnownHostsFile {_folder["known"]}
              StrictHostKeyChecking accept-new

            """);
        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory("/run/sshd");
        }

        _server = Process.Start(new ProcessStartInfo(Server, ["-D", "-f", _folder["sshd_config"], "-E", _folder["log"]]))!;
        Script("bin/ssh", $"""
            count=$(cat '{_folder["count"]}' 2>/dev/null || echo 0)
            count=$((count + 1))
            echo $count >'{_folder["count"]}'
            ssh={Ssh()}
            if [ "$count" = "$FAULT_AT" ]; then
              case $FAULT in
                before) echo 'Connection reset by 127.0.0.1' >&2; exit 255 ;;
                after) $ssh -F '{_folder["config"]}' "$@" >/dev/null 2>&1; echo 'client_loop: send disconnect: Broken pipe' >&2; exit 255 ;;
                hook) sh -c "$HOOK" ;;
              esac
            fi
            if [ "$FAULT" = gone ] && [ "$count" -ge "$FAULT_AT" ]; then echo 'Connection reset by 127.0.0.1' >&2; exit 255; fi
            exec $ssh -F '{_folder["config"]}' "$@"
            """);
        WaitFor(port);
    }

    /// <summary>Why there is no such board here; null where there is one.</summary>
    public string? Missing { get; }

    /// <summary>The user's home folder on the board.</summary>
    public string Home { get; } = "";

    public string Installation => Path.Combine(Home, ".local", "share", "edgevit");

    /// <summary>The folder that <c>current</c> means; null where there is none.</summary>
    public string? Current => new FileInfo(Path.Combine(Installation, "current")).LinkTarget is { } target ? Path.Combine(Installation, target) : null;

    /// <summary>Everything in the home folder.</summary>
    public string[] Listing => [.. Directory.EnumerateFileSystemEntries(Home, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Home, f)).Order(StringComparer.Ordinal)];

    /// <summary>A file in the folder of the board's own things, outside the home.</summary>
    public string this[string name] => _folder[name];

    public (string Name, string Value)[] Environ(params (string, string)[] more) =>
        [("PATH", $"{_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}"), ("FAULT", ""), ("FAULT_AT", ""), ("HOOK", ""), .. more];

    /// <summary>Runs <c>edgevit deploy</c>; call numbers of ssh start at 1.</summary>
    internal Outcome Deploy(string[] arguments, params (string, string)[] environment)
    {
        File.Delete(_folder["count"]);
        return EdgeVitProcess.Run(["deploy", .. arguments], null, Environ(environment));
    }

    /// <summary>A tool for the board: the built command behind a script. With <paramref name="remembers"/> each kind of call is computed once and its
    /// output repeated.</summary>
    internal string Tool(string name, string before = "", string filter = "cat", bool remembers = false)
    {
        string command = EdgeVitProcess.Tool ?? $"dotnet {EdgeVitProcess.Program}";
        string memory = _folder["memory"];
        Directory.CreateDirectory(memory);
        Script($"{name}/edgevit", remembers ? $"""
            case $3 in */proof) kind=pictures ;; *) kind=$3 ;; esac
            key={memory}/$1-$kind-$(sha256sum <model.evit | cut -c 1-16)
            if [ ! -e "$key" ]; then {command} "$@" >"$key.$$" || exit; mv "$key.$$" "$key"; fi
            cat "$key"
            """ : $"""
            {before}
            {command} "$@" | {filter}
            """);
        return _folder[name];
    }

    public void Dispose()
    {
        _server?.Kill(entireProcessTree: true);
        _server?.WaitForExit();
        _server?.Dispose();
        _folder.Dispose();
    }

    internal void Script(string name, string text)
    {
        string path = _folder.File(name, System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\n{text}\n"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string? Why()
    {
        if (OperatingSystem.IsWindows())
        {
            return "a board is a Linux machine";
        }

        return !File.Exists(Server) ? $"{Server} is missing (openssh-server)" : Ssh() is null ? "ssh is missing (openssh-client)" : !OperatingSystem.IsLinux() ? "a board is a Linux machine" : null;
    }

    private static string? Ssh() => new[] { "/usr/bin/ssh", "/bin/ssh", "/usr/local/bin/ssh" }.FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Keygen(string name)
    {
        using var process = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", _folder[name]]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private void WaitFor(int port)
    {
        for (int i = 0; i < 300; i++)
        {
            try
            {
                using var client = new TcpClient();
                client.Connect(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(100);
            }
        }
        Assert.Fail($"sshd does not listen: {(File.Exists(_folder["log"]) ? File.ReadAllText(_folder["log"]) : "it said nothing")}");
    }
}
