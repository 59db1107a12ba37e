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

        // What was typed stands in the configuration as it was typed.
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.json")))!.AsObject();
        Assert.Equal(s_tiny.Chunk(2).Select(o => o[1]), s_tiny.Chunk(2).Select(o => (string?)config[$"option.{o[0][2..]}"]));

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

    [Theory]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task StoppingSavesAndSaysHowToGoOn(string signal)
    {
        using var folder = new TestFolder();
        string run = folder["my run"];
        string[] arguments = ["convert", "--data", "shapes", "--out", run, "--shapes-train", "2000", "--shapes-test", "40", "--teacher", "none", "--epochs", "400"];
        using Process process = EdgeVitProcess.Start(arguments);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "metrics.csv")), TimeSpan.FromMinutes(3)), "training did not begin");
        await Task.Delay(2000, TestContext.Current.CancellationToken);
        EdgeVitProcess.Signal(process, signal);
        bool stopped = process.WaitForExit(TimeSpan.FromMinutes(2));
        if (!stopped)
        {
            process.Kill();
        }

        Assert.True(stopped, "did not stop");
        Assert.Equal(130, process.ExitCode);
        Assert.Contains($"--out '{run}' --resume", await error, StringComparison.Ordinal);
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
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--device", "tpu").Fails(2, "--device is 'tpu'");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--lr", "0,001").Fails(2, "--lr is '0,001'", "decimal point");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", "--resume").Fails(2, "--out needs DIR", "'--resume'");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", run, "--pad", "32", .. s_tiny]).Fails(2, "--pad is 32, expected 0 to 31");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", run, "--accumulate", "17", .. s_tiny]).Fails(2, "--accumulate is 17, expected 1 to 16");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--batch", "many").Fails(2, "--batch is 'many'");
        string picture = folder.File("p.png", Png.Random(8, 8, 1));
        string[] vain = ["convert", "--data", "shapes", "--out", run, "--teacher"];
        EdgeVitProcess.Run([.. vain, "resnet", "--teacher-mean", "0,0,0"]).Fails(2, "--teacher-mean", "--teacher resnet");
        EdgeVitProcess.Run([.. vain, "net.onnx", "--teacher-epochs", "2"]).Fails(2, "--teacher-epochs", "--teacher net.onnx");
        EdgeVitProcess.Run([.. vain, "net.evit", "--label-smoothing", "0.1"]).Fails(2, "--label-smoothing", "--teacher net.evit");
        EdgeVitProcess.Run([.. vain, "none", "--temperature", "3"]).Fails(2, "--teacher none", "--temperature");
        EdgeVitProcess.Run([.. vain, picture]).Fails(2, "it is a picture", "--data");
        EdgeVitProcess.Run("convert", "--data", "shapes", "--out", run, "--student", picture).Fails(2, "--student", "it is a picture", "a preset's name");
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

        EdgeVitProcess.Run("convert", "--data", folder["nowhere"], "--out", run).Fails(2, "--data", "nowhere", "no such folder");
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
