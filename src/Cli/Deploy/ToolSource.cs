using System.ComponentModel;
using System.Diagnostics;

namespace EdgeVit.Cli;

/// <summary>Where the command for a board comes from: what <c>--tool</c> names, what ./publish.sh has made, or what is made now.</summary>
internal static class ToolSource
{
    private static readonly string[] s_crossTools = ["clang", "ld.lld", "llvm-objcopy", "curl", "xz", "dpkg-deb"];

    /// <summary>The command for <paramref name="rid"/>; says where it comes from where that is not plain.</summary>
    /// <exception cref="UserException">There is none, and none can be made.</exception>
    public static ToolPackage Find(string? given, string rid, Printer printer, CancellationToken token)
    {
        if (given is not null)
        {
            return ToolPackage.Open(given, rid);
        }

        string version = typeof(ToolSource).Assembly.GetName().Version!.ToString(3);
        string? root = SourceTree(AppContext.BaseDirectory) ?? SourceTree(Directory.GetCurrentDirectory());
        string release = Path.Combine(root ?? Directory.GetCurrentDirectory(), "artifacts", "release");
        if (Archive(release, version, rid) is { } archive)
        {
            if (Path.GetFileName(archive) != $"edgevit-{version}-{rid}.tar.gz")
            {
                printer.Warn($"{archive} is of another version than this command, {version}. For its own: ./publish.sh {rid}");
            }

            return ToolPackage.Open(archive, rid);
        }
        if (root is null)
        {
            throw new UserException($"there is no tool for {rid}: no edgevit-*-{rid}.tar.gz in {release}, and the source tree to make one from is not here. Name an archive with --tool FILE.");
        }

        string[] missing = [.. s_crossTools.Where(t => !InPath(t))];
        if (missing.Length == 0 && OperatingSystem.IsLinux())
        {
            printer.Say($"the tool for {rid} is compiled, once (./publish.sh {rid}, some minutes) ...");
            if (Start(Path.Combine(root, "publish.sh"), [rid], root, false, token) is { Code: 0 } && Archive(release, version, rid) is { } made)
            {
                return ToolPackage.Open(made, rid);
            }

            printer.Warn($"./publish.sh {rid} failed (try it by hand to see why); a self-contained tool is made instead");
        }
        return SelfContained(root, version, rid, missing, printer, token);
    }

    /// <summary>The archive of this version, else the newest of another; null where there is none.</summary>
    internal static string? Archive(string folder, string version, string rid)
    {
        string own = Path.Combine(folder, $"edgevit-{version}-{rid}.tar.gz");
        if (File.Exists(own))
        {
            return own;
        }

        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, $"edgevit-*-{rid}.tar.gz").MaxBy(File.GetLastWriteTimeUtc) : null;
    }

    private static ToolPackage SelfContained(string root, string version, string rid, string[] missing, Printer printer, CancellationToken token)
    {
        string folder = Path.Combine(root, "artifacts", "deploy", $"edgevit-{version}-{rid}");
        printer.Warn($"{(missing.Length > 0 ? $"{string.Join(", ", missing)} {(missing.Length > 1 ? "are" : "is")} missing to compile a native tool (apt-get install clang lld llvm): a" : "A")} self-contained one with .NET inside is made: about 150 MB in place of 40, and each start takes longer");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        string[] arguments =
        [
            "publish", Path.Combine(root, "src", "Serve", "EdgeVit.Serve.csproj"), "-c", "Release", "-r", rid, "--self-contained", "-v", "q", "--nologo", "-p:UseSharedCompilation=false",
            "-p:RunAnalyzers=false", "--artifacts-path", Path.Combine(root, "artifacts", "deploy", "build"), "-o", folder,
        ];
        (int code, string output) = Start("dotnet", arguments, root, true, token);
        if (code == 0)
        {
            foreach (string symbols in Directory.EnumerateFiles(folder, "*.pdb"))
            {
                File.Delete(symbols);
            }

            return ToolPackage.Open(folder, rid);
        }

        throw new UserException(
            $"a tool for {rid} could not be made: {output.Split('\n').FirstOrDefault(l => l.Contains("error", StringComparison.OrdinalIgnoreCase))?.Trim() ?? $"dotnet publish ended with {code}"} Name an archive with --tool FILE.");
    }

    private static (int Code, string Output) Start(string program, string[] arguments, string folder, bool withoutTraining, CancellationToken token)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")])
        {
            start.Environment[name] = value;
        }

        if (withoutTraining)
        {
            start.Environment["EdgeVitTraining"] = "false";
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            return (-1, $"error: {program} cannot be started on this machine.");
        }

        using (process)
        using (token.Register(() => process.Kill(entireProcessTree: true)))
        {
            Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            token.ThrowIfCancellationRequested();
            return (process.ExitCode, output + error.GetAwaiter().GetResult());
        }
    }

    private static string? SourceTree(string folder)
    {
        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "EdgeVit.sln")) && File.Exists(Path.Combine(at, "publish.sh")))
            {
                return at;
            }
        }
        return null;
    }

    private static bool InPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}
