using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>A bench of another process on this machine.</summary>
internal sealed record OtherBench(int Process, string Model)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pid {Process}, model {Model}");
}

/// <summary>
/// Says to other benches on this machine that one runs here, and notices them. Each has a file with a lock of the kernel in a folder that all
/// users share; the lock ends with its process, so that a file that stayed behind means nothing and is removed by the next bench.
/// </summary>
internal sealed class OtherBenches : IDisposable
{
    private const int MostFiles = 1000;
    private const int MostText = 200;
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(0.5);

    private readonly string _folder;
    private readonly string? _own;
    private readonly FileStream? _marker;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly List<OtherBench> _seen = [];

    /// <summary>Begins to be seen and to look, every half second from a thread of its own. Where the folder cannot be used nothing is seen.</summary>
    /// <param name="model">What the others are told.</param>
    /// <param name="folder">Another folder than the machine's.</param>
    public OtherBenches(string model, string? folder = null)
    {
        _folder = folder ?? MachineFolder;
        (_own, _marker) = Mark(_folder, model);
        Look();
        _thread = new Thread(() =>
        {
            while (!_stop.Wait(s_interval))
            {
                Look();
            }
        })
        { IsBackground = true, Priority = ThreadPriority.Lowest, Name = "other benches" };
        _thread.Start();
    }

    /// <summary>Where the benches of all users meet: not the folder for temporary files of one user.</summary>
    public static string MachineFolder => Path.Combine(OperatingSystem.IsWindows() ? Path.GetTempPath() : "/tmp", "edgevit-bench");

    /// <summary>All that were seen so far.</summary>
    public IReadOnlyList<OtherBench> Seen
    {
        get
        {
            lock (_seen)
            {
                return [.. _seen];
            }
        }
    }

    /// <summary>Looks once more and ends.</summary>
    public void Dispose()
    {
        if (_stop.IsSet)
        {
            return;
        }

        _stop.Set();
        _thread.Join();
        Look();
        if (_own is not null)
        {
            Remove(_own);
        }

        _marker?.Dispose();
    }

    private static (string? Path, FileStream? Marker) Mark(string folder, string model)
    {
        try
        {
            if (new DirectoryInfo(folder).LinkTarget is not null)
            {
                return (null, null);
            }

            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                if (!OperatingSystem.IsWindows())
                {
                    const UnixFileMode all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                    File.SetUnixFileMode(folder, all | (UnixFileMode)((int)all >> 3) | (UnixFileMode)((int)all >> 6) | UnixFileMode.StickyBit);
                }
            }

            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}.{Path.GetRandomFileName()}"));
            // Read sharing is a shared lock: others read the file, and cannot have it alone.
            var marker = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            }

            marker.Write(System.Text.Encoding.UTF8.GetBytes(model + "\n"));
            marker.Flush();
            return (path, marker);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, null);
        }
    }

    private void Look()
    {
        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(_folder).Take(MostFiles)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        foreach (string file in files.Where(f => f != _own))
        {
            if (!int.TryParse(Path.GetFileName(file).Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                || process == Environment.ProcessId || !IsWritten(file))
            {
                continue;
            }

            if (Seen.Any(s => s.Process == process))
            {
                continue;
            }

            if (!Locked(file))
            {
                Remove(file);
                continue;
            }

            var other = new OtherBench(process, Model(file));
            lock (_seen)
            {
                _seen.Add(other);
            }
        }
    }

    // A bench writes behind its lock: an empty file is one that has no lock yet, or a pipe, which would be waited for.
    private static bool IsWritten(string file)
    {
        var info = new FileInfo(file);
        return info.Exists && info.LinkTarget is null && info.Length > 0;
    }

    // Another bench may be asking the same at this moment, which looks like the lock of a process that is there.
    private static bool Locked(string file)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            try
            {
                using (new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.None))
                {
                    return false;
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
            {
                return false;
            }
            catch (IOException)
            {
                Thread.Sleep(5);
            }
        }

        return true;
    }

    private static string Model(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[MostText];
            string text = System.Text.Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
            string plain = new([.. text.Where(c => !char.IsControl(c) && c != '\uFFFD')]);
            return plain.Length > 0 ? plain : "unknown";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of another user: its own next bench, or the system's next start, removes it.
        }
    }
}
