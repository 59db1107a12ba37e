#if TRAINING
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The whole way in seconds, and every mistake that stops it: each leaves the output folder without a model.</summary>
public sealed class ConvertTests
{
    private static readonly string[] s_tiny = ["--shapes-train", "200", "--shapes-test", "40", "--epochs", "1", "--teacher-epochs", "1", "--batch", "32", "--parity-images", "2"];

    [Fact]
    public void ShapesBecomeAModelThatEveryVerbTakes()
    {
        using var folder = new TestFolder();
        string run = folder["run"];
        Outcome outcome = EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", run, "--json", .. s_tiny]).Expect(0);
        JsonObject json = outcome.Json;
        string model = (string)json["model"]!;
        Assert.Equal(new FileInfo(model).Length, (long)json["bytes"]!);
        Assert.True((bool)json["certificate"]!["passed"]!);
        Assert.Equal(0, (long)json["certificate"]!["mismatches"]!);
        Assert.Equal(40, (int)json["certificate"]!["same_predictions"]! + (int)json["certificate"]!["different_predictions"]!);
        Assert.InRange((long)json["memory"]!["peak_bytes"]!, 50_000_000, 4_000_000_000);
        Assert.Contains("student", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", outcome.Error, StringComparison.Ordinal);

        EdgeVitProcess.Run("inspect", run).Expect(0);
        Assert.True((bool)EdgeVitProcess.Run("doctor", run, "--json").Expect(0).Json["selftest"]!["passed"]!);
        Assert.Equal(100, (int)EdgeVitProcess.Run("validate", run, "--data", "shapes", "--limit", "100", "--json").Expect(0).Json["images"]!);

        // The same folder again: nothing is overwritten by surprise.
        byte[] before = File.ReadAllBytes(model);
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", run, .. s_tiny]).Fails(2, "already holds a run", "--resume", "--overwrite");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", run, "--resume", "--seed", "5", .. s_tiny]).Fails(2, "seed");
        Assert.Equal(before, File.ReadAllBytes(model));
    }

    [Fact]
    public void APictureThatCannotBeDecodedIsNamedOrLeftOutAndCounted()
    {
        using var folder = new TestFolder();
        foreach (string kind in (string[])["cat", "dog"])
        {
            for (int i = 0; i < 40; i++)
            {
                folder.File(Path.Combine("photos", "train", kind, $"{i:00}.png"), Png.Random(32, 32, i + kind.Length));
            }
        }
        string bad = Path.Combine("photos", "train", "cat", "07.png");
        folder.File(bad, Png.Random(32, 32, 7)[..200]);
        string[] convert = ["convert", "--data", folder["photos"], "--out", folder["run"], "--teacher", "none", "--epochs", "1", "--batch", "16", "--parity-images", "1"];

        EdgeVitProcess.Run(convert).Fails(1, "07.png", "--skip-bad");
        Assert.False(File.Exists(Path.Combine(folder["run"], "model.evit")));

        JsonObject images = EdgeVitProcess.Run([.. convert, "--skip-bad", "--overwrite", "--json"]).Expect(0).Json["images"]!.AsObject();
        Assert.Equal(1, (int)images["skipped"]!);
        Assert.Equal(79, (int)images["train"]! + (int)images["validation"]! + (int)images["test"]!);
    }

    [Fact]
    public async Task StoppingSavesAndSaysHowToGoOn()
    {
        using var folder = new TestFolder();
        string run = folder["run"];
        string[] arguments = ["convert", "--data", "shapes", "--out", run, "--shapes-train", "2000", "--shapes-test", "40", "--teacher", "none", "--epochs", "400"];
        using Process process = EdgeVitProcess.Start(arguments);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "metrics.csv")), TimeSpan.FromMinutes(3)), "training did not begin");
        await Task.Delay(2000, TestContext.Current.CancellationToken);
        EdgeVitProcess.Signal(process, "INT");
        bool stopped = process.WaitForExit(TimeSpan.FromMinutes(2));
        if (!stopped)
        {
            process.Kill();
        }

        Assert.True(stopped, "did not stop");
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("--resume", await error, StringComparison.Ordinal);
        Assert.Empty(await output);
        Assert.False(File.Exists(Path.Combine(run, "model.evit")));
        Assert.NotEmpty(Directory.EnumerateFiles(run, "last*", SearchOption.AllDirectories));
    }

    [Fact]
    public void WrongSettingsAreNamedBeforeAnythingIsWritten()
    {
        using var folder = new TestFolder();
        string run = folder["run"];
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--student", "binaryvit-nona").Fails(2, "binaryvit-nona", "binaryvit-nano");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--epochs", "-1").Fails(2, "--epochs is -1");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--device", "tpu").Fails(2, "tpu");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--batch", "many").Fails(2, "--batch is 'many'");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", run, "--teacher", "nobody.safetensors", .. s_tiny]).Fails(2, "nobody.safetensors");
        Assert.False(File.Exists(Path.Combine(run, "model.evit")));
    }

    [Fact]
    public void BadDataAreNamed()
    {
        using var folder = new TestFolder();
        string run = folder["run"];
        void Refused(string data, params string[] said)
        {
            EdgeVitProcess.Run("convert", "--data", data, "--out", run).Fails(1, said);
            Assert.False(File.Exists(Path.Combine(run, "model.evit")));
        }

        Refused(folder["nowhere"], "nowhere", "no such folder");
        Refused(folder.Images("one", 4, "only"), "one", "class");
        string empty = folder.Images("empty", 4, "full", "other");
        Directory.CreateDirectory(Path.Combine(empty, "hollow"));
        Refused(empty, "hollow");
        folder.Images("cut", 4, "a", "b");
        folder.File("cut/a/broken.png", Png.Random(32, 32, 1)[..300]);
        Refused(folder["cut"], "broken.png");
        folder.File("records/data_train.bin", new byte[3073 + 5]);
        Refused(folder["records"], "data_train.bin");
        folder.File("idx/train-images-idx3-ubyte", [0, 0, 9, 9, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]);
        folder.File("idx/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 0]);
        Refused(folder["idx"], "train-images-idx3-ubyte");
    }

    [Fact]
    public void AnOutputFolderThatCannotBeWrittenIsRefusedAtOnce()
    {
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", "/proc/edgevit-run").Fails(1, "/proc/edgevit-run");
        using var folder = new TestFolder();
        string file = folder.File("taken", [1]);
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", file).Fails(1, "taken");
        Assert.Equal([1], File.ReadAllBytes(file));
    }

    [Fact]
    public void AFullDiskIsRefusedAtOnce()
    {
        using var folder = new TestFolder();
        // A file system of one megabyte; where mounting is not allowed, the smallest one there is says the same.
        Directory.CreateDirectory(folder["small"]);
        string script = """
            mount -t tmpfs -o size=1m none "$2" 2>/dev/null || exit 99
            dotnet "$0" convert --data shapes --out "$2/run" >/dev/null
            code=$?
            [ -e "$2/run/model.evit" ] && code=98
            exit $code
            """;
        using var process = Process.Start(new ProcessStartInfo("unshare", ["-m", "-r", "bash", "-c", script, EdgeVitProcess.Program, "", folder["small"]]) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.SkipWhen(process.ExitCode == 99 || error.Contains("unshare:", StringComparison.Ordinal), "mounting a small file system is not allowed here");
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("cannot be used", error, StringComparison.Ordinal);
    }
}
#endif
