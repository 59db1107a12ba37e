using System.Diagnostics;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Starts tests/Runner, with settings that must be there when a process starts.</summary>
internal static class RunnerProcess
{
    private static readonly string s_program =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "EdgeVit.Runner", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/', '\\')), "runner.dll"));

    public static Outcome Run(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [s_program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("EDGEVIT_KERNEL");
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(5)), $"runner {string.Join(' ', arguments)} hangs");
        return new Outcome(process.ExitCode, output.Result, error.Result);
    }
}
