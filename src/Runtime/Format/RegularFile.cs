namespace EdgeVit.Runtime;

/// <summary>Files that hold bytes, in contrast to devices and pipes, which are not replaced and whose opening may wait for ever.</summary>
internal static class RegularFile
{
    private static readonly string[] s_systems = ["/dev/", "/proc/", "/sys/"];

    /// <summary>Where a path leads when all links are followed, also to a file that is not there yet.</summary>
    /// <exception cref="IOException">The links lead round in a circle.</exception>
    internal static string Target(string path) =>
        new FileInfo(path).LinkTarget is null ? Path.GetFullPath(path) : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;

    /// <summary>Whether a file that is there holds bytes. Does not wait for anybody.</summary>
    internal static bool Is(string path)
    {
        string target = Target(path);
        var info = new FileInfo(target);
        if (!info.Exists)
        {
            return false;
        }

        if (info.Length > 0)
        {
            return true;
        }

        if (s_systems.Any(s => target.StartsWith(s, StringComparison.Ordinal)))
        {
            return target.StartsWith("/dev/shm/", StringComparison.Ordinal);
        }

        try
        {
            // Opened for both, a pipe does not wait for its other end; it has no length.
            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(target, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return RandomAccess.GetLength(handle) == 0;
        }
        catch (NotSupportedException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An empty file that must not be written.
            return true;
        }
    }
}
