#if TRAINING
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A plan made within a control group of this machine, bounded by the group around its own.</summary>
public sealed class PlannedMemoryTests
{
    private const long Limit = 480_000_000;

    /// <summary>Attention of 1024 tokens, so that a batch of 128 would take eight gigabytes, and a heap that keeps the blocks of its parts more than the limit.</summary>
    private const string Layout = """{"name": "tokens", "imageSize": 32, "patchSize": 1, "stages": [{"depth": 1, "width": 8, "ffnWidth": 8, "heads": 1, "reduction": 1}], "classes": 10}""";

    // Both versions: a group within a group, the outer one bounded; 99 where this is not allowed.
    private const string Script = """
        if [ -d /sys/fs/cgroup/memory ]; then root=/sys/fs/cgroup/memory limit=memory.limit_in_bytes; else root=/sys/fs/cgroup limit=memory.max; fi
        [ -f "$root/cgroup.procs" ] && mkdir -p "$root/$2/inner" 2>/dev/null || exit 99
        [ "$limit" = memory.max ] && { echo +memory >"$root/$2/cgroup.subtree_control"; } 2>/dev/null
        if ! { echo "$3" >"$root/$2/$limit"; } 2>/dev/null; then code=99
        else
          (echo $BASHPID >"$root/$2/inner/cgroup.procs" || exit 99
          exec dotnet "$0" convert --data shapes --shapes-train 200 --shapes-test 20 --student "$1/tokens.json" --batch 128 --teacher none --device cpu --out "$1/run" --plan --json)
          code=$?
        fi
        for i in 1 2 3 4 5 6 7 8 9; do rmdir "$root/$2/inner" "$root/$2" 2>/dev/null && break; sleep 0.2; done
        exit $code
        """;

    [Fact]
    public async Task APlanKeepsToTheBoundOfAGroupAroundItsOwn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && EdgeVitProcess.Tool is null, "control groups are Linux's, and the published command trains nothing");
        using var folder = new TestFolder();
        folder.File("tokens.json", System.Text.Encoding.UTF8.GetBytes(Layout));
        var start = new ProcessStartInfo("bash", ["-c", Script, EdgeVitProcess.Program, folder.Root, $"edgevit-{Guid.NewGuid():N}", $"{Limit}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        using Process process = Process.Start(start)!;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Task<string> said = process.StandardError.ReadToEndAsync(cancel);
        string output = await process.StandardOutput.ReadToEndAsync(cancel), error = await said;
        await process.WaitForExitAsync(cancel);
        Assert.SkipWhen(process.ExitCode == 99, "this machine lets nobody make control groups");
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{error}");
        JsonObject plan = JsonNode.Parse(output)!.AsObject();
        Assert.Equal("what its control group leaves", (string?)plan["memory"]!["bound"]);
        Assert.InRange((long)plan["memory"]!["peak_bytes"]!, 1, (long)plan["memory"]!["bound_bytes"]!);
        Assert.Contains("what its control group leaves", error, StringComparison.Ordinal);
        Assert.True((int)plan["student"]!["parts"]! > 1, output);
        Assert.False(Directory.Exists(folder["run"]));
    }
}
#endif
