using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeVit.Cli;

/// <summary>The server's own program, <c>edgevit-serve</c> beside this one: without ASP.NET Core the command stays small.</summary>
internal static partial class ServeProgram
{
    private const string Name = "edgevit-serve";

    // What the archive calls its program for processors without AVX2.
    private const string OldProcessors = "-v2";

    /// <summary>Becomes the server: the same process with its number, signals and environment, which is what systemd watches. Comes back only where
    /// that fails.</summary>
    /// <exception cref="UserException">The program is not there, or the system does not start it.</exception>
    public static int Start(ServeSettings settings, Printer printer)
    {
        _ = ModelPath.Resolve(settings.Model);
        printer.Flush();
        string[] command = [.. Command(), .. Environment.GetCommandLineArgs().Skip(2)];
        if (OperatingSystem.IsWindows())
        {
            using Process process = Process.Start(command[0], command[1..]);
            process.WaitForExit();
            return process.ExitCode;
        }

        _ = Execute(command[0], [.. command, null]);
        throw new UserException($"{command[0]} cannot be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    /// <summary>Compiled ahead of time it is a program, else an assembly that <c>dotnet</c> runs as it runs this one.</summary>
    private static string[] Command()
    {
        string running = Environment.ProcessPath ?? "";
        string file = Path.GetFileNameWithoutExtension(running);
        string assembly = Path.Combine(AppContext.BaseDirectory, $"{Name}.dll");
        if (file == "dotnet")
        {
            return File.Exists(assembly) ? [running, assembly] : throw Missing(assembly);
        }

        // The archive for x64 has a program for each level of processors: edgevit-v3 has edgevit-serve-v3.
        string[] candidates = [.. new[] { file.Replace("edgevit", Name, StringComparison.Ordinal), Name }.Select(n => Path.Combine(AppContext.BaseDirectory, n + Path.GetExtension(running)))];
        string? found = candidates.FirstOrDefault(File.Exists);
        return found is not null ? [found] : throw (file.EndsWith(OldProcessors, StringComparison.Ordinal)
            ? new UserException("serve needs a processor with AVX2 and FMA, and this one has none. The command that .NET runs serves here, too.", ExitCode.NotSupported) : Missing(candidates[^1]));
    }

    private static UserException Missing(string path) => new($"{path}: the server's program is not there. It belongs to this command: install all files of the archive, or build again.");

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}
