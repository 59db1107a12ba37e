using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The scripts around the command: what they say where something is missing, and that they do nothing where nothing is.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ScriptTests
{
    private static readonly string[] s_tools = ["bash", "env", "dirname", "sed", "grep", "awk", "paste", "cat"];

    /// <summary>The second call finds what the first has written down, and asks NuGet nothing.</summary>
    [Fact]
    public void ASetUpMachineIsLeftAlone()
    {
        string stamp = Path.Combine(Repository.Root, "artifacts", "setup", "restored.EdgeVit.sln");
        Assert.SkipUnless(File.Exists(stamp), "setup.sh has not run here, and a test must not install anything");
        string before = File.ReadAllText(stamp);
        Outcome outcome = Bash("setup.sh", "--all").Expect(0);
        Assert.Equal(("", ""), (outcome.Output, outcome.Error));
        Assert.Equal(before, File.ReadAllText(stamp));
    }

    [Fact]
    public void UnknownOptionsOfSetupAreRefused() => Assert.Contains("Known: --all", Bash("setup.sh", "--bogus").Expect(2).Error, StringComparison.Ordinal);

    [Fact]
    public void AMissingSdkIsNamedWithTheCommandThatInstallsIt()
    {
        using var folder = new TestFolder();
        Outcome outcome = Bash("setup.sh", "", Tools(folder)).Expect(1);
        Assert.Contains("the .NET 10 SDK is missing", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("apt-get install dotnet-sdk-10.0", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOldSdkIsNamedWithItsVersion()
    {
        using var folder = new TestFolder();
        string tools = Tools(folder);
        File.WriteAllText(Path.Combine(tools, "dotnet"), "#!/bin/bash\necho '8.0.404 [/usr/share/dotnet/sdk]'\n");
        File.SetUnixFileMode(Path.Combine(tools, "dotnet"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Outcome outcome = Bash("setup.sh", "", tools).Expect(1);
        Assert.Contains("found: 8.0.404", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("--channel 10.0", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("setup.sh")]
    [InlineData("edgevit")]
    [InlineData("test.sh")]
    [InlineData("tests/arm64.sh")]
    [InlineData("tests/board.sh")]
    [InlineData("tests/fresh.sh")]
    [InlineData("tests/mutants.sh")]
    [InlineData("tests/packages.sh")]
    [InlineData("bench/gpu-check.sh")]
    [InlineData(".ci/run")]
    public void ScriptsAreExecutableAndParse(string script)
    {
        Assert.True((File.GetUnixFileMode(Path.Combine(Repository.Root, script)) & UnixFileMode.UserExecute) != 0);
        using var process = Process.Start("bash", ["-n", Path.Combine(Repository.Root, script)]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>Versions are exact and in one place, and nothing says where packages come from.</summary>
    [Fact]
    public void PackageVersionsAreExactAndCentral()
    {
        string central = Repository.Read("Directory.Packages.props");
        string[] versions = [.. Regex.Matches(central, "<PackageVersion [^>]*Version=\"([^\"]*)\"").Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(versions);
        Assert.All(versions, v => Assert.Matches(@"^\d+(\.\d+){1,3}$", v));
        string[] projects = [.. Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories).Where(f => !f.Contains("artifacts", StringComparison.Ordinal))];
        Assert.All([central, .. projects.Select(File.ReadAllText), Repository.Read("Directory.Build.props"), Repository.Read("Directory.Build.targets")], text =>
        {
            Assert.DoesNotMatch("<PackageReference [^>]*Version", text);
            Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
            Assert.DoesNotContain("NU1603", text, StringComparison.Ordinal);
        });
    }

    /// <summary>libtorch is half a gigabyte: it is loaded from the package cache.</summary>
    [Fact]
    public void OutputsHoldNoLibtorchAndNoLibraryOfAnotherSystem()
    {
        string[] libraries = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "artifacts", "bin"), "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".so" or ".dylib" || Path.GetFileName(Path.GetDirectoryName(f)) == "native").Select(f => Path.GetRelativePath(Repository.Root, f))];
        Assert.DoesNotContain(libraries, f => Path.GetFileName(f).Contains("torch_cpu", StringComparison.Ordinal));
        string here = OperatingSystem.IsMacOS() ? "osx" : "linux";
        Assert.All(libraries.Where(f => f.Contains($"{Path.DirectorySeparatorChar}runtimes{Path.DirectorySeparatorChar}", StringComparison.Ordinal)),
            f => Assert.StartsWith(here, f.Split(Path.DirectorySeparatorChar)[^3], StringComparison.Ordinal));
    }

    /// <summary>A folder with links to the plain tools and nothing else, to be the whole PATH.</summary>
    private static string Tools(TestFolder folder)
    {
        string tools = folder["bin"];
        Directory.CreateDirectory(tools);
        foreach (string tool in s_tools)
        {
            string? real = new[] { "/usr/bin", "/bin" }.Select(f => Path.Combine(f, tool)).FirstOrDefault(File.Exists);
            if (real is not null)
            {
                File.CreateSymbolicLink(Path.Combine(tools, tool), real);
            }
        }
        return tools;
    }

    private static Outcome Bash(string script, string argument, string? path = null)
    {
        string[] arguments = argument.Length == 0 ? [Path.Combine(Repository.Root, script)] : [Path.Combine(Repository.Root, script), argument];
        var start = new ProcessStartInfo("/bin/bash", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (path is not null)
        {
            start.Environment["PATH"] = path;
        }

        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output.GetAwaiter().GetResult(), error);
    }
}
