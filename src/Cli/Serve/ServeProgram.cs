using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeVit.Cli;

/// <summary>The server's own program, <c>edgevit-serve</c> beside this one: .NET loads the command without ASP.NET Core.</summary>
internal static partial class ServeProgram
{
    private const string Name = "edgevit-serve";

    /// <summary>Becomes the server: the same process with its number, signals and environment, which is what systemd watches. Comes back only where
    /// that fails. The server reads the arguments behind the verb again.</summary>
    /// <exception cref="UserException">The program is not there, or the system does not start it.</exception>
    public static int Start(ServeSettings settings, string[] arguments, Printer printer)
    {
        _ = ModelPath.Resolve(settings.Model);
        printer.Flush();
        string[] command = [.. Command(), .. arguments];
        if (OperatingSystem.IsWindows())
        {
            using Process process = Process.Start(command[0], command[1..]);
            process.WaitForExit();
            return process.ExitCode;
        }

        _ = Execute(command[0], [.. command, null]);
        throw new UserException($"{command[0]} cannot be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    /// <summary>A program, or an assembly that <c>dotnet</c> runs as it runs this one.</summary>
    private static string[] Command()
    {
        string running = Environment.ProcessPath ?? "";
        bool assembly = Path.GetFileNameWithoutExtension(running) == "dotnet";
        string path = Path.Combine(AppContext.BaseDirectory, Name + (assembly ? ".dll" : Path.GetExtension(running)));
        return !File.Exists(path)
            ? throw new UserException($"{path}: the server's program is not there. It belongs to this command: install all of its files, or build again.")
            : assembly ? [running, path] : [path];
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}
