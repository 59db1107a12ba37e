using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;

namespace EdgeVit.Cli;

/// <summary>A board over the system's own ssh: its configuration, keys, agents and known hosts. One login serves all commands where ssh can share a
/// connection; a question (a password, an unknown host) is asked by ssh itself, on a terminal only.</summary>
internal sealed class SshSession : IDisposable
{
    /// <summary>Characters that a board may answer to one command; the largest answers of ours are some hundred thousand.</summary>
    private const int MostAnswered = 16 << 20;

    private readonly BoardAddress _address;
    private readonly DirectoryInfo? _folder;
    private readonly bool _asks;

    /// <summary>Prepares a session; nothing is connected yet.</summary>
    /// <param name="address">The board.</param>
    /// <param name="asks">Whether ssh may ask the person at the terminal.</param>
    public SshSession(BoardAddress address, bool asks)
    {
        _address = address;
        _asks = asks;
        _folder = OperatingSystem.IsWindows() ? null : SocketFolder();
    }

    /// <summary>Whether all commands go over one connection, so that a process on the board lives as long as the session.</summary>
    public bool Shared => _folder is not null;

    /// <summary>Runs a stored script, as root by <c>sudo -n</c> where <paramref name="sudo"/> says so.</summary>
    /// <exception cref="UserException">The connection failed.</exception>
    public SshResult Run(string script, IEnumerable<string> arguments, bool sudo, TimeSpan most, CancellationToken token)
    {
        byte[] text = Encoding.UTF8.GetBytes(RemoteScript.Compose(script, arguments));
        return Connected(Start(Elevated(sudo, "sh -s"), stream => stream.Write(text), most, token), token);
    }

    /// <summary>Unpacks an archive (tar, gzip) that is written while it is sent, into a folder of the board.</summary>
    /// <exception cref="UserException">The connection failed.</exception>
    public SshResult Unpack(string folder, Action<Stream> write, bool sudo, TimeSpan most, CancellationToken token) =>
        Connected(Start(Elevated(sudo, $"tar -xzf - -C {ShellQuote.Word(folder)}"), write, most, token), token);

    public void Dispose()
    {
        if (_folder is null)
        {
            return;
        }

        try
        {
            if (_folder.EnumerateFileSystemInfos().Any())
            {
                Start("", null, TimeSpan.FromSeconds(10), CancellationToken.None, "-O", "exit");
            }

            _folder.Delete(recursive: true);
        }
        catch (Exception e) when (e is UserException or IOException or UnauthorizedAccessException)
        {
            // The connection ends by itself when nothing uses it.
        }
    }

    private static string Elevated(bool sudo, string command) => sudo ? $"sudo -n {command}" : command;

    private SshResult Connected(SshResult result, CancellationToken token)
    {
        if (result.ExitCode != SshResult.ConnectionFailed)
        {
            return result;
        }

        // Ctrl+C on a terminal ends ssh, too, and perhaps before it is known here.
        token.WaitHandle.WaitOne(300);
        token.ThrowIfCancellationRequested();
        throw SshFailures.Describe(_address, result);
    }

    private List<string> Options()
    {
        List<string> options = ["-T", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"];
        if (!_asks)
        {
            options.AddRange(["-o", "BatchMode=yes"]);
        }

        if (_folder is not null)
        {
            options.AddRange(["-o", "ControlMaster=auto", "-o", "ControlPersist=120", "-o", $"ControlPath={Path.Combine(_folder.FullName, "s")}"]);
        }

        if (_address.Port is { } port)
        {
            options.AddRange(["-p", port.ToString(CultureInfo.InvariantCulture)]);
        }

        return options;
    }

    private SshResult Start(string command, Action<Stream>? write, TimeSpan most, CancellationToken token, params string[] control)
    {
        token.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo("ssh", [.. Options(), .. control, "--", _address.Target, .. command.Length > 0 ? new[] { command } : []])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UserException("ssh is not on this machine. Install it:  sudo apt-get install openssh-client", inner: e);
        }

        using (process)
        {
            return Talk(process, write, most, token);
        }
    }

    private SshResult Talk(Process process, Action<Stream>? write, TimeSpan most, CancellationToken token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(most);
        using CancellationTokenRegistration end = limit.Token.Register(() => Kill(process));
        var output = new StringBuilder();
        var error = new StringBuilder();
        Task reading = Task.WhenAll(Collect(process, process.StandardOutput, output), Collect(process, process.StandardError, error));
        try
        {
            using Stream input = process.StandardInput.BaseStream;
            write?.Invoke(input);
        }
        catch (IOException)
        {
            // It ended before everything was read: its exit code and its words say why.
        }
        process.WaitForExitAsync(CancellationToken.None).GetAwaiter().GetResult();
        // A connection that stays open in the background may keep the streams; what the command printed has been read by then.
        Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None)).GetAwaiter().GetResult();
        token.ThrowIfCancellationRequested();
        if (limit.IsCancellationRequested)
        {
            throw new UserException($"{_address} did not finish within {Quantity.Time(most)}. See whether it hangs, and deploy again.");
        }

        lock (output)
        {
            lock (error)
            {
                if (output.Length > MostAnswered || error.Length > MostAnswered)
                {
                    throw new UserException($"{_address} sends without end. See what its shell prints at a login, and deploy again.");
                }

                return new SshResult(process.ExitCode, output.ToString(), error.ToString());
            }
        }
    }

    private static async Task Collect(Process process, StreamReader reader, StringBuilder text)
    {
        char[] buffer = new char[4096];
        for (int n; (n = await reader.ReadAsync(buffer)) > 0;)
        {
            lock (text)
            {
                text.Append(buffer, 0, n);
                if (text.Length > MostAnswered)
                {
                    Kill(process);
                    return;
                }
            }
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    // The path of a socket is short, and ssh reads blanks and '%' in it in its own way: not every folder for temporary files will do.
    [UnsupportedOSPlatform("windows")]
    private static DirectoryInfo SocketFolder()
    {
        string usual = Path.GetTempPath();
        bool plain = usual.Length <= 60 && usual.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-');
        string root = !plain && Directory.Exists("/tmp") ? "/tmp" : usual;
        string path = Path.Combine(root, $"evit-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6))}");
        return Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
