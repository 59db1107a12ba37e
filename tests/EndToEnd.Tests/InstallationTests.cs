#if TRAINING
using System.Diagnostics;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The command where a part of it is gone.</summary>
public sealed class InstallationTests
{
    [Theory]
    [InlineData("TorchSharp")]
    [InlineData("EdgeVit.Quantize")]
    public async Task AnAssemblyThatIsMissingIsNamed(string assembly)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && EdgeVitProcess.Tool is null, "symbolic links are Linux's, and the published command is one file");
        using var folder = new TestFolder();
        string whole = Path.GetDirectoryName(EdgeVitProcess.Program)!;
        Directory.CreateDirectory(folder["tool"]);
        foreach (string path in Directory.EnumerateFileSystemEntries(whole).Where(p => Path.GetFileName(p) != $"{assembly}.dll"))
        {
            string here = Path.Combine(folder["tool"], Path.GetFileName(path));
            if (Path.GetFileName(path).StartsWith("edgevit.", StringComparison.Ordinal))
            {
                // The program's folder is that of the file itself, behind any link.
                File.Copy(path, here);
            }
            else
            {
                File.CreateSymbolicLink(here, path);
            }
        }

        string[] arguments = [Path.Combine(folder["tool"], "edgevit.dll"), "convert", "--data", "shapes", "--shapes-train", "40", "--shapes-test", "20", "--teacher", "none", "--epochs", "1", "--out", folder["run"]];
        using Process process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Task<string> said = process.StandardOutput.ReadToEndAsync(cancel);
        string error = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.Empty(await said);
        Assert.Contains($"{assembly}.dll in {folder["tool"]}", error, StringComparison.Ordinal);
        Assert.Contains("Install edgevit anew", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal(4, process.ExitCode);
    }
}
#endif
