using System.Diagnostics;
using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Which exit code stands for what.</summary>
public sealed class FailureTests(SmallModel model) : IClassFixture<SmallModel>
{
    public static TheoryData<Exception, int> Codes => new()
    {
        { new UserException("u"), 1 },
        { new UserException("u", 2), 2 },
        { new UserException("u", 3), 3 },
        { new EvitFormatException("f"), 1 },
        { new ImageException("i", "p"), 1 },
        { new DatasetException("d", "p"), 1 },
        { new ModelFormatException("m"), 1 },
        { new IOException("io"), 1 },
        { new UnauthorizedAccessException("a"), 1 },
        { new OutOfMemoryException(), 1 },
        { new InvalidOperationException("bug"), 1 },
        { new KernelNotSupportedException("k"), 4 },
        { new PlatformNotSupportedException("p"), 4 },
        { new DllNotFoundException("dll"), 4 },
        { new OperationCanceledException(), 130 },
        { new TaskCanceledException(), 130 },
        { new AggregateException(new OperationCanceledException()), 130 },
        { new TypeInitializationException("t", new DllNotFoundException("dll")), 4 },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void EveryFailureHasItsExitCode(Exception failure, int code)
    {
        Assert.Equal(code, Failures.Describe(failure).ExitCode);
        using var data = new StringWriter();
        using var words = new StringWriter();
        Assert.Equal(code, Failures.Print(failure, new Printer(json: true, quiet: true, data, words)));
        Assert.Equal(code, (int)System.Text.Json.Nodes.JsonNode.Parse(data.ToString())!["exitCode"]!);
        Assert.StartsWith("edgevit: ", words.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyWhatIsUnknownIsCalledABug()
    {
        Assert.Contains("this is a bug", Failures.Describe(new InvalidOperationException("x")).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("this is a bug", Failures.Describe(new IOException("x")).Message, StringComparison.Ordinal);
    }

    /// <summary>A measurement of a minute says when it begins; Ctrl+C then ends it.</summary>
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void StoppedByASignalIsItsOwnExitCode(string signal)
    {
        using Process process = EdgeVitProcess.Start(["bench", model.Path, "--duration", "10m"]);
        bool ended = false;
        try
        {
            // Before it stands what disturbs, such as a bench of another test.
            string? line;
            do
            {
                line = process.StandardError.ReadLine();
                Assert.NotNull(line);
            }
            while (!line.Contains("kernels", StringComparison.Ordinal));

            EdgeVitProcess.Signal(process, signal);
            ended = process.WaitForExit(TimeSpan.FromMinutes(2));
        }
        finally
        {
            if (!ended)
            {
                process.Kill();
            }
        }

        Assert.True(ended, "did not stop");
        Assert.Equal("edgevit: stopped.", process.StandardError.ReadToEnd().Trim().Split('\n')[^1]);
        Assert.Empty(process.StandardOutput.ReadToEnd());
        Assert.Equal(130, process.ExitCode);
    }
}
