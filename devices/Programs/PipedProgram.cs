using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>A program of the system whose output is read through a pipe, such as <c>rpicam-vid</c> or <c>ffmpeg</c>. Its errors are read as well, and
/// it is killed with what it started when it is not wanted any more.</summary>
public sealed class PipedProgram : IDisposable
{
    private const int MaxLine = 300;

    private readonly Process _process;
    private readonly Thread _errors;
    private readonly Action<string>? _onLine;
    private volatile string _lastWords = "";
    private int _disposed;

    private PipedProgram(Process process, Action<string>? onLine)
    {
        (_process, _onLine) = (process, onLine);
        _errors = new Thread(ReadErrors) { IsBackground = true, Name = "errors of a program" };
        _errors.Start();
    }

    /// <summary>What the program writes on its standard output.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>The last line of its standard error that says something, at most 300 characters; empty without one.</summary>
    public string LastWords => _lastWords;

    /// <summary>The file of a program, looked for in the folders of <c>PATH</c> alone, never in the current one.</summary>
    /// <param name="name">Without a folder.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Find(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Where(Path.IsPathRooted)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(IsProgram);
    }

    /// <summary>Starts a program with an empty standard input.</summary>
    /// <param name="file">From <see cref="Find"/>.</param>
    /// <param name="arguments">Each reaches the program as it is.</param>
    /// <param name="onError">Is given each line of its standard error, on another thread; may be null.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static PipedProgram Start(string file, IEnumerable<string> arguments, Action<string>? onError = null)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return new PipedProgram(process, onError);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{file} cannot be started: {Marshal.GetPInvokeErrorMessage(e.NativeErrorCode)}", e);
        }
    }

    /// <summary>Waits for its end, after its output has ended.</summary>
    /// <returns>Its exit code; null where it goes on for five seconds more.</returns>
    public int? End()
    {
        if (!_process.WaitForExit(5000))
        {
            return null;
        }

        _errors.Join(1000);
        return _process.ExitCode;
    }

    /// <summary>Kills it, if it is still there: reads of its output then end. Harmless at any time.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Kill();
        _process.WaitForExit(2000);
        _errors.Join(1000);
        _process.Dispose();
    }

    private void ReadErrors()
    {
        try
        {
            while (_process.StandardError.ReadLine() is { } line)
            {
                _onLine?.Invoke(line);
                string said = new([.. line.Where(c => !char.IsControl(c)).Take(MaxLine)]);
                if (said.Trim() is { Length: > 0 } words)
                {
                    _lastWords = words;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It was killed.
        }
    }

    private static bool IsProgram(string path)
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Executable) != 0);
    }
}
