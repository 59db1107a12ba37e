using System.Diagnostics;

namespace EdgeVit.Quantize.Tests;

/// <summary>A disk of a test's own, in memory, where the machine lets one be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    public const string Missing = "no disk of a test's own on this machine: it may not mount one";

    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    /// <summary>Mounts one of so many megabytes over an empty folder; null where that is not permitted.</summary>
    public static SmallDisk? Mount(string folder, int megabytes) =>
        OperatingSystem.IsLinux() && Ran("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "edgevit-test", folder) ? new SmallDisk(folder) : null;

    /// <summary>Changes how it is mounted, such as <c>noexec</c>.</summary>
    public bool Remount(string option) => Ran("mount", "-o", $"remount,{option}", _folder);

    public void Dispose() => Ran("umount", _folder);

    private static bool Ran(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
