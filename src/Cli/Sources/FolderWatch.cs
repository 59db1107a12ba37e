using System.IO.Enumeration;
using EdgeVit.Imaging;

namespace EdgeVit.Cli;

/// <summary>
/// The pictures of a folder and its subfolders: those that are there, then each that comes or changes. The kernel's notices only wake it; what counts is
/// a look at the whole folder, so that no lost notice loses a picture. A file is taken when its size and time have stood still between two
/// looks; whether it is whole, the decoder finds out (<see cref="PutBack"/>). Names that begin with a dot are left alone: programs write there first.
/// </summary>
internal sealed class FolderWatch : IDisposable
{
    /// <summary>How long a file must stand still before it is taken.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1), s_burst = TimeSpan.FromMilliseconds(10);

    private readonly string _folder;
    private readonly Dictionary<string, Seen> _files = [];
    private readonly Queue<string> _ready = new();
    private readonly SemaphoreSlim _notice = new(0, 1);
    private readonly FileSystemWatcher? _watcher;

    public FolderWatch(string folder)
    {
        _folder = folder;
        try
        {
            _watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true };
            _watcher.Created += Notice;
            _watcher.Changed += Notice;
            _watcher.Renamed += Notice;
            _watcher.Error += Notice;
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            // The kernel has no more watches to give: the regular looks remain.
            _watcher = null;
        }
    }

    /// <summary>The next picture to classify.</summary>
    /// <exception cref="UserException">The folder is gone.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public string Next(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_ready.TryDequeue(out string? path))
            {
                if (IsAsSeen(path))
                {
                    return path;
                }

                continue;
            }

            long start = Environment.TickCount64;
            bool unsettled = Look(TimeSpan.FromMilliseconds(start));
            if (_ready.Count > 0)
            {
                continue;
            }

            // A folder that takes long to look at is looked at less often.
            TimeSpan pause = unsettled ? Settling : s_pause + (10 * TimeSpan.FromMilliseconds(Environment.TickCount64 - start));
            if (_notice.Wait(pause, cancellation))
            {
                // Notices come in bursts, one for each piece of a file that is being written; nothing is ready before it has stood still.
                cancellation.WaitHandle.WaitOne(unsettled ? Settling / 2 : s_burst);
            }
        }
    }

    /// <summary>A file that came out damaged: it may not be written to its end yet. It is given again when it has stood still for longer, and each time
    /// that it changes.</summary>
    /// <returns>Whether it is given again; false where it has been long enough.</returns>
    public bool PutBack(string path)
    {
        if (!_files.TryGetValue(path, out Seen? seen) || seen.Patience >= 16)
        {
            return false;
        }

        seen.Patience *= 2;
        seen.Done = false;
        return true;
    }

    public void Dispose() => _watcher?.Dispose();

    /// <summary>Looks at the folder and queues what is ready.</summary>
    /// <param name="now">Of a clock that only goes forward.</param>
    /// <returns>Whether a file has not stood still for long enough.</returns>
    internal bool Look(TimeSpan now)
    {
        if (!Directory.Exists(_folder))
        {
            throw new UserException($"{_folder}: the folder is gone.");
        }

        bool unsettled = false;
        HashSet<string> present = [];
        foreach ((string path, long length, DateTime written) in Pictures().OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            present.Add(path);
            if (!_files.TryGetValue(path, out Seen? seen) || seen.Length != length || seen.Written != written)
            {
                _files[path] = seen = new Seen { Length = length, Written = written, Since = now };
            }

            bool settled = length > 0 && now - seen.Since >= seen.Patience * Settling;
            if (!seen.Done && settled)
            {
                seen.Done = true;
                _ready.Enqueue(path);
            }

            unsettled |= !seen.Done && length > 0;
        }

        foreach (string gone in _files.Keys.Where(f => !present.Contains(f)).ToArray())
        {
            _files.Remove(gone);
        }

        return unsettled;
    }

    /// <summary>What was queued by <see cref="Look"/>.</summary>
    internal IReadOnlyList<string> TakeReady()
    {
        string[] all = [.. _ready];
        _ready.Clear();
        return all;
    }

    /// <summary>Whether a file is as it was when it was queued. One that has changed meanwhile is taken when it stands still again, and once only.</summary>
    private bool IsAsSeen(string path)
    {
        var info = new FileInfo(path);
        return _files.TryGetValue(path, out Seen? seen) && info.Exists
            && (info.LinkTarget is not null || (info.Length == seen.Length && info.LastWriteTimeUtc == seen.Written));
    }

    private FileSystemEnumerable<(string Path, long Length, DateTime Written)> Pictures()
    {
        // Hidden names are passed over; so are links to folders, which may lead round in circles.
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.Hidden };
        return new(_folder, static (ref FileSystemEntry entry) => (entry.ToSpecifiedFullPath(), entry.Length, entry.LastWriteTimeUtc.UtcDateTime), options)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory && !JunkNames.Contains(entry.FileName.ToString()) && ImageDecoder.HasImageExtension(entry.FileName.ToString()),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0 && !JunkNames.Contains(entry.FileName.ToString()),
        };
    }

    private void Notice(object sender, EventArgs e)
    {
        try
        {
            _notice.Release();
        }
        catch (SemaphoreFullException)
        {
            // One waits already.
        }
    }

    /// <summary>A file as it was at the last look.</summary>
    private sealed class Seen
    {
        public long Length { get; init; }

        public DateTime Written { get; init; }

        /// <summary>When it was first seen like this.</summary>
        public TimeSpan Since { get; init; }

        /// <summary>How many times the settling time it must stand still.</summary>
        public int Patience { get; set; } = 1;

        public bool Done { get; set; }
    }
}
