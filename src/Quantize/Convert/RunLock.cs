using System.Collections.Concurrent;
using System.Text;

namespace EdgeVit.Quantize;

/// <summary>Keeps a run folder for one process. The system's lock on a file of the folder ends with the process, however that ends; where a folder, such as one of a
/// network, has no locks, the entry beside it says who writes.</summary>
internal sealed class RunLock : IDisposable
{
    private const string LockName = ".run.lock", OwnerName = ".run.owner";
    private const int WouldBlock = 11, WouldBlockMac = 35, SharingViolation = unchecked((int)0x80070020);

    /// <summary>So long a run of another machine may still be under way.</summary>
    private static readonly TimeSpan s_recent = TimeSpan.FromDays(7);

    private readonly FileStream _file;
    private readonly string _entry;
    private readonly string _text;

    /// <summary>What the entries of this process's locks say: one that it left behind where its folder was moved from is no lock.</summary>
    private static readonly ConcurrentDictionary<string, bool> s_held = new(StringComparer.Ordinal);

    private RunLock(FileStream file, string entry, string text)
    {
        (_file, _entry, _text) = (file, entry, text);
        s_held[text] = true;
    }

    /// <summary>Names of its two files.</summary>
    internal static IReadOnlyList<string> Names { get; } = [LockName, OwnerName];

    /// <summary>Who may be writing all the same, in words; null for nobody.</summary>
    internal string? Warning { get; private init; }

    /// <summary>Whether a folder was ever taken.</summary>
    internal static bool IsIn(string folder) => File.Exists(Path.Combine(folder, LockName));

    /// <summary>Takes a folder.</summary>
    /// <param name="folder">It must be there.</param>
    /// <param name="locks">Whether the folder's locks are believed.</param>
    /// <exception cref="ConvertException">Another process writes it.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    internal static RunLock Take(string folder, bool locks = true)
    {
        string path = Path.Combine(folder, LockName), entry = Path.Combine(folder, OwnerName);
        FileStream file = locks
            ? Open(path) ?? throw Refused(folder, RunOwner.Parse(Text(entry) ?? ""), entry, certain: true)
            : new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            string text = RunOwner.Here().ToString();
            if (locks && Holds(path))
            {
                string before = Text(entry) ?? "";
                RunOwner? other = RunOwner.Parse(before);
                if (other?.Lives() == true && (other.Process != Environment.ProcessId || s_held.ContainsKey(before)))
                {
                    // It holds a lock whose file was deleted.
                    throw Refused(folder, other, entry, certain: true);
                }

                File.WriteAllText(entry, text);
                return new RunLock(file, entry, text) { Warning = Doubt(folder, other) };
            }

            Claim(folder, entry, text);
            return new RunLock(file, entry, text);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that the folder at this path is the one that was taken, and nobody else's since.</summary>
    /// <exception cref="ConvertException">It is not.</exception>
    internal void Require()
    {
        string? text = Text(_entry);
        if (text == _text)
        {
            return;
        }

        string folder = Path.GetDirectoryName(_entry)!;
        if (RunOwner.Parse(text ?? "") is { } other)
        {
            throw new ConvertException($"{folder} was taken by another process while this one wrote it: {other.Text}. This one ends and writes nothing more; the files are the other's now.");
        }

        try
        {
            if (File.Exists(_file.Name) && Holds(_file.Name))
            {
                // The entry alone was deleted.
                File.WriteAllText(_entry, _text);
                return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone as well.
        }

        throw new ConvertException(
            $"{folder} was moved, deleted or replaced while the run was under way, or its {LockName} and {OwnerName} were deleted. Nothing more is written there, for it would not be one run. What was saved is where the folder is: go on with it as --out, and --resume.");
    }

    public void Dispose()
    {
        s_held.TryRemove(_text, out _);
        try
        {
            if (Text(_entry) == _text)
            {
                File.Delete(_entry);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The entry of a process that is gone keeps nobody out.
        }

        _file.Dispose();
    }

    /// <summary>Makes the entry where there are no locks: of two processes one makes it.</summary>
    private static void Claim(string folder, string entry, string text)
    {
        if (Text(entry) is { } before)
        {
            if (RunOwner.Parse(before) is not { } other || !other.IsGone())
            {
                throw Refused(folder, RunOwner.Parse(before), entry, certain: false);
            }

            PutAside(folder, entry, before);
        }

        try
        {
            using var stream = new FileStream(entry, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        catch (IOException) when (File.Exists(entry))
        {
            throw Refused(folder, RunOwner.Parse(Text(entry) ?? ""), entry, certain: false);
        }
    }

    /// <summary>Takes an entry away, unless it is another by now.</summary>
    private static void PutAside(string folder, string entry, string before)
    {
        string aside = $"{entry}.{Guid.NewGuid():N}";
        try
        {
            File.Move(entry, aside);
        }
        catch (FileNotFoundException)
        {
            return;
        }

        if (Text(aside) is { } moved && moved != before)
        {
            File.Move(aside, entry, overwrite: false);
            throw Refused(folder, RunOwner.Parse(moved), entry, certain: false);
        }

        File.Delete(aside);
    }

    /// <summary>What to say where the lock is had but the entry is another machine's: locks may be seen by one machine alone.</summary>
    private static string? Doubt(string folder, RunOwner? other) =>
        other is null || other.SharesKernel() || DateTime.UtcNow - other.Started > s_recent ? null
            : $"{folder} was last written by {other.Text}, on another machine, which did not end in order. If it is still running there, stop one of the two: both would write the same files.";

    /// <summary>The file, locked; null where another has it.</summary>
    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult is WouldBlock or WouldBlockMac or SharingViolation)
        {
            return null;
        }
    }

    /// <summary>Whether the lock keeps a second one out.</summary>
    private static bool Holds(string path)
    {
        using FileStream? second = Open(path);
        return second is null;
    }

    /// <summary>What an entry says; null where there is none. One that cannot be read says nothing, and is there.</summary>
    private static string? Text(string entry)
    {
        try
        {
            return File.ReadAllText(entry);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static ConvertException Refused(string folder, RunOwner? owner, string entry, bool certain) => new(
        $"{folder} is written by another process{(owner is null ? "" : $": {owner.Text}")}. Wait for it or stop it, or choose another --out."
        + (certain ? "" : $" The folder has no locks that would say more: where that process is gone, delete {entry}."), ConvertException.Usage);
}
