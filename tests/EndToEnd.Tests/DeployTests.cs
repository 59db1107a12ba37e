using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using EdgeVit.Export;

namespace EdgeVit.EndToEnd.Tests;

/// <summary><c>deploy</c> to this machine over a real ssh server.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DeployTests(SmallModel model) : IClassFixture<SmallModel>, IDisposable
{
    private readonly LocalBoard _board = new();
    private readonly TestFolder _folder = new();

    public void Dispose()
    {
        _board.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void ItIsInstalledProvenMeasuredAndLeavesNothingWhenRemoved()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        // What a login shell prints is no answer.
        File.WriteAllText(Path.Combine(_board.Home, ".bashrc"), "echo folder=/nowhere\necho hello\n");
        string[] before = _board.Listing;
        string name = _folder["it's a $(model) \"x\".evit"];
        File.Copy(model.Path, name);
        string result = _folder["out/bench.json"];

        JsonObject done = _board.Deploy([name, "board", "--tool", _board.Tool("tool"), "--out", result, "--json"]).Expect(0).Json;

        Assert.Equal(20, (int)done["proof"]!["images"]!);
        Assert.True((bool)done["selftest"]!["passed"]!);
        Assert.Equal(_board.Installation, (string)done["folder"]!);
        Assert.Null(done["former"]);
        Assert.Equal((string)done["version"]!, Path.GetFileName(_board.Current));
        Assert.Equal(model.Bytes, File.ReadAllBytes(Path.Combine(_board.Current!, "model.evit")));
        Assert.Empty(Directory.GetDirectories(_board.Installation, "incoming.*"));
        Assert.False(Directory.Exists(Path.Combine(_board.Installation, "lock")));
        JsonNode bench = JsonNode.Parse(File.ReadAllText(result))!;
        Assert.True((double)bench["latency"]!["p50"]! > 0);
        Assert.Equal((string)done["model"]!["sha256"]!, (string)bench["model"]!["sha256"]!);

        Outcome removed = _board.Deploy(["board", "--remove"]).Expect(0);
        Assert.Contains($"removed: {_board.Installation}", removed.Output, StringComparison.Ordinal);
        Assert.Equal(before, _board.Listing);
        Assert.Contains("nothing of edgevit", _board.Deploy(["board", "--remove"]).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal(before, _board.Listing);
    }

    [Fact]
    public void TheFormerVersionStaysAndOlderOnesGo()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string tool = _board.Tool("tool", remembers: true);
        string[] models = [model.Path, Other(8), Other(9)];
        string[] versions = [.. models.Select(m => (string)_board.Deploy([m, "board", "--tool", tool, "--no-bench", "--json"]).Expect(0).Json["version"]!)];
        Assert.Equal(3, versions.Distinct().Count());
        Assert.Equal(versions[2], Path.GetFileName(_board.Current));
        Assert.Equal(versions[1..].Order(StringComparer.Ordinal), Versions());

        // Going back: what is there is not sent again, but proven again.
        JsonObject back = _board.Deploy([models[1], "board", "--tool", tool, "--no-bench", "--json"]).Expect(0).Json;
        Assert.Equal((versions[1], versions[2], 0L), ((string)back["version"]!, (string)back["former"]!, (long)back["sent_bytes"]!));
        Assert.Equal(versions[1], Path.GetFileName(_board.Current));

        // What has been damaged there is sent again.
        File.AppendAllText(Path.Combine(_board.Current!, "model.evit"), "x");
        JsonObject again = _board.Deploy([models[1], "board", "--tool", tool, "--no-bench", "--json"]).Expect(0).Json;
        Assert.True((long)again["sent_bytes"]! > 0);
        Assert.Equal(File.ReadAllBytes(models[1]), File.ReadAllBytes(Path.Combine(_board.Current!, "model.evit")));
    }

    /// <summary>Eight ways in which the tool's answers are turned into others on the board; what is installed stays.</summary>
    [Fact]
    public void AToolThatComputesSomethingElseIsNotInstalled()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        (string Filter, string Said, int Code)[] wrong =
        [
            ("sed 's/\"probability\": 0/\"probability\": 1/'", "0 have other logits and 20 other labels", 3),
            ("sed '/\"logits\"/,$s/0/1/'", "have other logits and 0 other labels", 3),
            ("sed 's/\"passed\": true/\"passed\": false/'; exit 3", "self-test fails", 3),
            ("head -c 100", "did not run", 1),
            ("cat >/dev/null; echo '{\"selftest\": [1]}'", "answers in another form", 1),
            ("cat >/dev/null; yes", "sends without end", 1),
            ("cat >/dev/null; echo Illegal instruction >&2; exit 132", "crashed", 1),
            ("cat >/dev/null; exit 127", "library is missing", 1),
        ];
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("good", remembers: true), "--no-bench"]).Expect(0);
        string[] before = _board.Listing;
        string other = Other(8);
        foreach ((int i, (string filter, string said, int code)) in wrong.Index())
        {
            _board.Deploy([other, "board", "--tool", _board.Tool($"bad{i}", filter: filter), "--no-bench"]).Fails(code, said);
            Assert.Equal(before, _board.Listing);
        }
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void ASignalClearsAwayWhatWasSentAndEndsWhatRunsThere(string signal)
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string number = _board["number"];
        string[] before = _board.Listing;
        using Process process = Begin(_board.Tool("slow", $"echo $$ >'{number}'\nexec sleep 300"));
        WaitFor(() => File.Exists(number) && File.ReadAllText(number).EndsWith('\n'), process);

        // Another one meanwhile is refused, and does no harm.
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("tool", remembers: true), "--no-bench"]).Fails(1, "another deployment", "is under way");
        Assert.NotEmpty(Directory.GetDirectories(_board.Installation, "incoming.*"));

        EdgeVitProcess.Signal(process, signal);
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it hangs");
        Assert.Equal(130, process.ExitCode);
        Assert.Equal(before, _board.Listing);
        string stat = $"/proc/{File.ReadAllText(number).Trim()}/stat";
        WaitFor(() => !File.Exists(stat) || File.ReadAllText(stat).Contains(") Z ", StringComparison.Ordinal), process);
    }

    [Fact]
    public void AToolThatEndsAfterItsDeploymentIsGoneLeavesNothing()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("tool"), "--no-bench"]).Expect(0);
        (string number, string ended) = (_board["number"], _board["ended"]);
        string[] before = _board.Listing;
        using Process process = Begin(_board.Tool("late", $"trap 'sleep 3; touch \"{ended}\"; exit 0' TERM\necho $$ >'{number}'\nwhile :; do sleep 0.1; done"));
        WaitFor(() => File.Exists(number) && File.ReadAllText(number).EndsWith('\n'), process);
        EdgeVitProcess.Signal(process, "TERM");
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it hangs");
        WaitFor(() => File.Exists(ended), process);
        Thread.Sleep(1000);

        Assert.Equal(before, _board.Listing);
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("tool"), "--no-bench"]).Expect(0);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task ASignalEndsTheWaitForABoardThatSaysNothing(string signal)
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using Process process = EdgeVitProcess.Start(["deploy", model.Path, $"ssh://someone@{silent.LocalEndpoint}", "--tool", _board.Tool("tool")]);
        using Socket connection = await silent.AcceptSocketAsync(TestContext.Current.CancellationToken);
        EdgeVitProcess.Signal(process, signal);
        Assert.Contains("edgevit: stopped.", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public void AfterAKilledOneTheNextGoesOn()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string number = _board["number"];
        using Process process = Begin(_board.Tool("slow", $"echo $$ >'{number}'\nexec sleep 5"));
        WaitFor(() => File.Exists(number), process);
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        Assert.NotEmpty(Directory.GetDirectories(_board.Installation, "incoming.*"));
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("tool", remembers: true), "--no-bench"]).Expect(0);
        Assert.Empty(Directory.GetDirectories(_board.Installation, "incoming.*"));
    }

    [Fact]
    public void ItGoesToANamedFolderAndLeavesWhatWasThere()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string mine = Path.Combine(_board.Home, "my things");
        Directory.CreateDirectory(mine);
        File.WriteAllText(Path.Combine(mine, "letter"), "dear");
        string tool = _board.Tool("tool", remembers: true);
        string[] before = _board.Listing;
        JsonObject done = _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench", "--folder", "~/my things", "--json"]).Expect(0).Json;
        Assert.Equal(mine, (string)done["folder"]!);
        Assert.True(File.Exists(Path.Combine(mine, "current", "edgevit")));
        Assert.Contains("left:", _board.Deploy(["board", "--remove", "--folder", "~/my things"]).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal(before, _board.Listing);
    }

    /// <summary>ONNX Runtime and the graph are beside the tool while it measures, and in no version.</summary>
    [Fact]
    public void OnnxRuntimeTravelsForAComparisonAndStaysNowhere()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string graph = _folder.File("twin.onnx", [1, 2, 3]);
        string tool = _board.Tool("tool", """case "$*" in *--against*) [ -s libonnxruntime.so ] && [ "$(wc -c <"$5")" = 3 ] && echo '{"beside": true}'; exit ;; esac""");
        string result = _folder["bench.json"];
        JsonObject done = _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench", "--against", graph, "--out", result, "--json"]).Expect(0).Json;
        Assert.Equal(_folder["bench-against.json"], (string)done["against"]!["path"]!);
        Assert.True((bool)JsonNode.Parse(File.ReadAllText(_folder["bench-against.json"]))!["beside"]!);
        Assert.Equal(["SHA256SUMS", "edgevit", "model.evit"], Directory.GetFiles(_board.Current!).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("ssh://127.0.0.1:1", 1, "no ssh server answers", "Connection refused")]
    [InlineData("nowhere.invalid", 1, "there is no machine of the name nowhere.invalid", "ssh said:")]
    [InlineData("-oProxyCommand=true", 2, "")]
    [InlineData("me@-x", 2, "is not a board's address")]
    [InlineData("a b", 2, "is not a board's address")]
    [InlineData("ssh://host:99999", 2, "no port from 1 to 65535")]
    public void HostsThatCannotBeReachedAreExplained(string host, int code, params string[] said)
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        _board.Deploy([model.Path, host, "--no-bench"]).Fails(code, said);
        Assert.Empty(_board.Listing);
    }

    [Fact]
    public void AKeyThatIsNotAcceptedIsExplained()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        File.WriteAllText(_board["authorized"], "");
        _board.Deploy([model.Path, "board"]).Fails(1, "does not accept this login", "ssh-copy-id", "Permission denied");
    }

    [Fact]
    public void TheCommandLineIsCheckedBeforeAnythingIsConnected()
    {
        EdgeVitProcess.Run("deploy", model.Path).Fails(2, "needs a model and a board");
        EdgeVitProcess.Run("deploy", model.Path, "host", "--folder", "here").Fails(2, "--folder is 'here'");
        // A variable of a script that is not set.
        EdgeVitProcess.Run("deploy", "host", "--remove", "--folder", "").Fails(2, "--folder is empty");
        EdgeVitProcess.Run("deploy", model.Path, "host", "--out", "").Fails(2, "--out is empty");
        EdgeVitProcess.Run("deploy", "", "host").Fails(2, "model.evit user@host is empty");
        EdgeVitProcess.Run("deploy", model.Path, "host", "--port", "0").Fails(2, "--port is 0");
        EdgeVitProcess.Run("deploy", model.Path, "host", "--service-port", "70000").Fails(2, "--service-port is 70000");
        EdgeVitProcess.Run("deploy", model.Path, "host", "--against", "nothing.onnx").Fails(2, "--against nothing.onnx: no such file");
        EdgeVitProcess.Run("deploy", "nothing.evit", "host").Fails(1, "nothing.evit: no such file");
    }

    private Process Begin(string tool) => EdgeVitProcess.Start(["deploy", model.Path, "board", "--tool", tool, "--no-bench"], _board.Environ());

    private string[] Versions() => [.. Directory.GetDirectories(Path.Combine(_board.Installation, "versions")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    private string Other(int seed)
    {
        string path = _folder[$"other-{seed}.evit"];
        EvitWriter.Write(path, FoldedModel.Of(Lowering.Lower(model.Config, RandomNetwork.Tensors(model.Config, seed: seed))).Model, RandomNetwork.Preprocess(model.Config), SmallModel.Labels, """{"tool":"tests"}""", 7);
        return path;
    }

    private static void WaitFor(Func<bool> condition, Process process)
    {
        for (int i = 0; i < 1200 && !condition(); i++)
        {
            Thread.Sleep(100);
        }

        Assert.True(condition(), process.HasExited ? process.StandardError.ReadToEnd() : "it did not come to that");
    }
}
