using System.Diagnostics;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The scripts around the command: what they say where something is missing, and that they do nothing where nothing is.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ScriptTests
{
    private static readonly string[] s_tools = ["bash", "env", "dirname", "mkdir", "flock", "sed", "grep", "awk", "paste", "uname", "cat", "id"];

    [Fact]
    public void A_set_up_machine_is_left_alone()
    {
        // Only where setup.sh has run: a test must not install anything.
        if (!File.Exists(Path.Combine(Repository.Root, "Packages.local.props")) || !File.Exists(Path.Combine(Repository.Root, "artifacts", "setup", "env.sh")))
            return;
        string before = Repository.Read("Packages.local.props");
        Outcome outcome = Bash("setup.sh", "--runtime").Expect(0);
        Assert.Contains("nothing to do", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(before, Repository.Read("Packages.local.props"));
    }

    [Fact]
    public void Unknown_options_of_setup_are_refused() => Assert.Contains("Known: --runtime", Bash("setup.sh", "--bogus").Expect(2).Error, StringComparison.Ordinal);

    [Fact]
    public void A_missing_sdk_is_named_with_the_command_that_installs_it()
    {
        using var folder = new TestFolder();
        Outcome outcome = Bash("setup.sh", "", Tools(folder)).Expect(1);
        Assert.Contains("the .NET 10 SDK is missing", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("apt-get install dotnet-sdk-10.0", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_sdk_is_named_with_its_version()
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
    [InlineData(".ci/run")]
    public void Scripts_are_executable_and_parse(string script)
    {
        Assert.True((File.GetUnixFileMode(Path.Combine(Repository.Root, script)) & UnixFileMode.UserExecute) != 0);
        using var process = Process.Start("bash", ["-n", Path.Combine(Repository.Root, script)]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void No_package_host_is_written_into_the_lock_file()
    {
        foreach (string file in (string[])["package.json", "package-lock.json", ".npmrc", "Directory.Packages.props"])
        {
            Assert.DoesNotContain("\"resolved\"", Repository.Read(file), StringComparison.Ordinal);
            Assert.DoesNotContain("registry.", Repository.Read(file), StringComparison.Ordinal);
        }
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
                File.CreateSymbolicLink(Path.Combine(tools, tool), real);
        }
        return tools;
    }

    private static Outcome Bash(string script, string argument, string? path = null)
    {
        string[] arguments = argument.Length == 0 ? [Path.Combine(Repository.Root, script)] : [Path.Combine(Repository.Root, script), argument];
        var start = new ProcessStartInfo("/bin/bash", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (path is not null)
            start.Environment["PATH"] = path;
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output.GetAwaiter().GetResult(), error);
    }
}
