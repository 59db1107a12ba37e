using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Pictures out of pipes, standard streams that are closed or not read, and signals to whoever waits for them.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PipeTests(SmallModel model) : IClassFixture<SmallModel>
{
    /// <summary>All ways to hand a picture over at once; each must say what the file itself says.</summary>
    [Fact]
    public void APipeIsReadAsTheFileIs()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(40, 60, 1));
        string top = Bash($"run {model.Path} {picture} --json").Expect(0).Json["results"]![0]!["top"]!.ToJsonString();
        JsonArray results = Bash(
            $"run {model.Path} <(cat {picture}) {folder["fifo"]} /dev/stdin {folder["link"]} --json",
            before: $"mkfifo {folder["fifo"]}; ln -s {picture} {folder["link"]}; cat {picture} | (cat {picture} >{folder["fifo"]} & exec ").Expect(0).Json["results"]!.AsArray();
        Assert.Equal(4, results.Count);
        Assert.All(results, r => Assert.Equal(top, r!["top"]!.ToJsonString()));
    }

    [Fact]
    public void APipeThatEndsEarlyIsNamed()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(40, 60, 1));
        Outcome outcome = Bash($"run {model.Path} <(head -c 500 {picture}) <(true) {picture} /dev/null --json").Expect(1);
        Assert.Single(outcome.Json["results"]!.AsArray());
        Assert.Equal(3, outcome.Json["bad"]!.AsArray().Count);
        Assert.Contains("cut off after 500 bytes", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("nothing came", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("/dev/null: the file is empty", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>The number of a stream that is closed is given to a file of the runtime's own, which must be neither read nor written.</summary>
    [Fact]
    public void ClosedStreamsAreToldOrPassedOver()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(40, 60, 1));
        Bash($"run {model.Path} - <&-").Fails(2, "standard input is closed: pipe a picture into it");
        Bash($"run {model.Path} - --format mjpeg <&-").Fails(2, "standard input is closed: pipe the frames into it");
        Outcome silent = Bash($"run {model.Path} {picture} --json >&-").Expect(0);
        Assert.Empty(silent.Output);
        Assert.DoesNotContain("   at ", silent.Error, StringComparison.Ordinal);
        Assert.Contains("probability", Bash($"run {model.Path} {picture} 2>&-").Expect(0).Output, StringComparison.Ordinal);
        Bash($"run {model.Path} {picture} <&- >&- 2>&-").Expect(0);
        Bash($"run {model.Path} {folder["none.png"]} >&-").Fails(1, "no such file");
    }

    /// <summary>A reader that has seen enough ends the work, not only the output.</summary>
    [Fact]
    public void AReaderThatLeavesEndsTheRunQuietly()
    {
        using var folder = new TestFolder();
        string list = string.Join(' ', Enumerable.Repeat(folder.File("a.png", Png.Random(32, 32, 1)), 3000));
        Outcome outcome = Bash($"run {model.Path} {list} | head -n 1; exit ${{PIPESTATUS[0]}}").Expect(0);
        Assert.Single(outcome.Output.TrimEnd().Split('\n'));
        Assert.Empty(outcome.Error);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Each verb where it waits for somebody to write, at the first of its files and at others.</summary>
    private static readonly string[] s_waits =
    [
        "run MODEL FIFO", "run FIFO a.png", "run MODEL --tensor FIFO", "inspect FIFO", "inspect MODEL FIFO", "bench FIFO", "bench --rerun FIFO", "report FIFO --out r.html",
        "import CHECKPOINT --labels FIFO --out i.evit", "export FIFO --out e.onnx", "validate FIFO --data shapes", "validate MODEL --data DATA --labels-csv FIFO", "explain FIFO PICTURE", "serve FIFO",
        "doctor FIFO", "convert --data DATA --labels-csv FIFO --out r", "convert --data shapes --out r --teacher x.onnx --teacher-labels FIFO", "convert --data shapes --out r --recipe FIFO",
    ];

    public static TheoryData<string, string> Waits => [.. s_waits.SelectMany(w => new[] { "INT", "TERM", "HUP" }.Select(signal => new TheoryDataRow<string, string>(w, signal)))];

    /// <summary>What <c>deploy</c> waits for is a board, see <see cref="DeployTests"/>; a file that it could read but once it refuses, as <c>import</c> does.</summary>
    [Fact]
    public void EveryVerbIsAmongThoseThatWait()
    {
        Assert.Equal(["deploy"], EdgeVit.Cli.VerbTable.Create((_, _) => 0).Select(v => v.Name).Except(s_waits.Select(w => w.Split(' ')[0])));
        using var folder = new TestFolder();
        System.Diagnostics.Process.Start("mkfifo", [folder["fifo"]]).WaitForExit();
        EdgeVitProcess.Run("deploy", folder["fifo"], "host").Fails(2, "is a pipe or a device");
        EdgeVitProcess.Run("import", folder["fifo"], "--out", folder["i.evit"]).Fails(2, "is a pipe or a device");
    }

    /// <summary>Nobody ever opens the other end of the pipe; or somebody has, and writes nothing.</summary>
    [Theory]
    [MemberData(nameof(Waits))]
    public async Task AWaitEndsAtTheFirstSignal(string command, string signal)
    {
        using var folder = new TestFolder();
        string fifo = folder["fifo"];
        Process.Start("mkfifo", [fifo]).WaitForExit();
        folder.Images("data", 2, SmallModel.Labels);
        using Process process = EdgeVitProcess.Start([.. command.Split(' ').Select(w => w switch { "MODEL" => model.Path, "FIFO" => fifo, "DATA" => folder["data"], "CHECKPOINT" => Checkpoint(folder), "PICTURE" => folder["data/ant/00.png"], "r" => folder["run"], _ => w })]);
        using FileStream? writer = command == "run MODEL FIFO" ? null : await Task.Run(() => new FileStream(fifo, FileMode.Open, FileAccess.Write, FileShare.ReadWrite), Stop).WaitAsync(TimeSpan.FromSeconds(30), Stop);
        if (writer is null)
        {
            WaitUntilBlocked(process);
        }

        EdgeVitProcess.Signal(process, signal);
        bool ended = process.WaitForExit(TimeSpan.FromSeconds(30));
        if (!ended)
        {
            process.Kill();
        }

        Assert.True(ended, "hangs");
        Assert.Equal("edgevit: stopped.", process.StandardError.ReadToEnd().Trim().Split('\n')[^1]);
        Assert.Equal(130, process.ExitCode);
    }

    private static string Checkpoint(TestFolder folder)
    {
        Export.SafetensorsWriter.Write(folder["net.safetensors"], FloatCheckpoint.Cancelling(seed: 2));
        return folder["net.safetensors"];
    }

    /// <summary>Who reads the pipe has stopped, and does not leave: a signal to the command alone must end it.</summary>
    [Fact]
    public void AReaderThatDoesNotReadHoldsNobodyUp()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(32, 32, 1));
        using Process process = EdgeVitProcess.Start(["run", model.Path, .. Enumerable.Repeat(picture, 5000)]);
        Assert.NotNull(process.StandardOutput.ReadLine());
        WaitUntilBlocked(process);
        EdgeVitProcess.Signal(process, "TERM");
        bool ended = process.WaitForExit(TimeSpan.FromSeconds(30));
        if (!ended)
        {
            process.Kill();
        }

        Assert.True(ended, "hangs");
        Assert.Equal(130, process.ExitCode);
    }

    /// <summary>Until the process has used no processor time for a while.</summary>
    private static void WaitUntilBlocked(Process process)
    {
        TimeSpan last = TimeSpan.Zero;
        for (int quiet = 0, all = 0; quiet < 4 && all < 600; all++)
        {
            Thread.Sleep(50);
            process.Refresh();
            TimeSpan now = process.TotalProcessorTime;
            quiet = now > TimeSpan.FromMilliseconds(100) && now - last < TimeSpan.FromMilliseconds(11) ? quiet + 1 : 0;
            last = now;
        }

        Assert.False(process.HasExited);
    }

    /// <summary>Runs the command with bash's own redirections; <paramref name="before"/> opens a subshell where it ends in <c>exec</c>.</summary>
    private static Outcome Bash(string arguments, string before = "")
    {
        string command = EdgeVitProcess.Tool ?? $"dotnet {EdgeVitProcess.Program}";
        using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", $"{before}{command} {arguments}{(before.Length > 0 ? ")" : "")}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), $"{arguments} hangs");
        return new Outcome(process.ExitCode, output, error.Result);
    }
}
