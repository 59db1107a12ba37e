using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What a run of the command gave.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON object that it must be.</summary>
    public JsonObject Json => JsonNode.Parse(Output)!.AsObject();

    public Outcome Expect(int code)
    {
        Assert.True(ExitCode == code, $"exit code {ExitCode}, expected {code}\n--- output\n{Output}\n--- error\n{Error}");
        return this;
    }

    /// <summary>Asserts that it failed with this code, in one message without a stack trace, which says all of this.</summary>
    public void Fails(int code, params string[] said)
    {
        Expect(code);
        Assert.StartsWith("edgevit: ", Error.Split('\n').Last(l => l.StartsWith("edgevit:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("this is a bug", Error, StringComparison.Ordinal);
        foreach (string text in said)
        {
            Assert.Contains(text, Error, StringComparison.OrdinalIgnoreCase);
        }
    }
}

/// <summary>Runs the built command as a process of its own, as a user does.</summary>
internal static class EdgeVitProcess
{
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "edgevit.dll");

    public const string OtherKernels = "the published command has other kernel sets than this process";
    public const string NoOnnxRuntime = "the published command has no ONNX Runtime beside it";
    public const string NoTraining = "the published command trains nothing";

    /// <summary>The published command in place of the built one, by the variable EDGEVIT_TOOL, a path from the root; null for the
    /// built one.</summary>
    public static string? Tool { get; } = Environment.GetEnvironmentVariable("EDGEVIT_TOOL") is { Length: > 0 } tool ? tool : null;

    public static Outcome Run(params string[] arguments) => Run(arguments, input: null);

    public static Outcome Run(string[] arguments, byte[]? input, params (string Name, string Value)[] environment)
    {
        using Process process = Start(arguments, environment);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            process.StandardInput.BaseStream.Write(input);
        }

        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(5)), $"edgevit {string.Join(' ', arguments)} hangs");
        process.WaitForExit();
        return new Outcome(process.ExitCode, output.Result, error.Result);
    }

    public static Process Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        // env: a test run in the background of a script ignores SIGINT, and its children would inherit that.
        string[] command = Tool is null ? ["dotnet", Program] : [Tool];
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("EDGEVIT_KERNEL");
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Sends a signal, by the shell's own kill: a minimal system has no program of that name.</summary>
    public static void Signal(Process process, string signal)
    {
        ArgumentNullException.ThrowIfNull(process);
        Process.Start("bash", ["-c", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"kill -{signal} {process.Id}")]).WaitForExit();
    }
}
