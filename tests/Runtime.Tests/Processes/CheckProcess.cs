using System.Diagnostics;
using System.Reflection;

namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>What a process printed and how it ended.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    internal Outcome Expect(int code)
    {
        Assert.True(ExitCode == code, $"exit code {ExitCode}, expected {code}\n--- output\n{Output}\n--- error\n{Error}");
        return this;
    }
}

/// <summary>Starts <see cref="CheckProgram"/> in a process of its own, with settings that must be there when a process starts.</summary>
internal static class CheckProcess
{
    /// <summary>Names the emulator under which these tests run, if they do: a program for another processor does not start without one.</summary>
    private const string EmulatorVariable = "EDGEVIT_TEST_EMULATOR";

    internal static bool IsEmulated => Environment.GetEnvironmentVariable(EmulatorVariable) is { Length: > 0 };

    internal static Outcome Run(string[] arguments, params (string Name, string Value)[] environment)
    {
        string[] command = [.. Program(), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove(KernelSets.Variable);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{string.Join(' ', command)} hangs");
        }

        return new Outcome(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>This program: by its own executable where it was published with its runtime, by the one of .NET otherwise.</summary>
    private static string[] Program()
    {
        string library = Assembly.GetExecutingAssembly().Location;
        string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, library] : [Path.ChangeExtension(library, null)];
        return IsEmulated ? [Environment.GetEnvironmentVariable(EmulatorVariable)!, .. program] : program;
    }
}
