using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeVit.Quantize.Tests;

/// <summary>Real processes that train together, started by the <c>mpirun</c> of Open MPI and of MPICH.</summary>
public partial class DistributedTests
{
    /// <summary>190 images in batches of 16.</summary>
    private const int StepsPerEpoch = 11;

    private const int Terminate = 15;

    public static TheoryData<string> Mpis => [MpiLauncher.OpenMpi, MpiLauncher.Mpich];

    [Theory]
    [MemberData(nameof(Mpis))]
    public void OperationsAreOfAllProcesses(string mpi)
    {
        MpiLauncher launcher = MpiLauncher.Of(mpi);
        string[] two = Lines(MpiLauncher.Wait(launcher.Start(2, ["operations"]), 0), "3 ");
        Assert.Equal(2, two.Length);
        Assert.All(two, line => Assert.Equal("3 1|3 3|0 3 6 9 12 15|1099511627776 7|1 2 3|0 2|True False|5", line));
        string[] three = Lines(MpiLauncher.Wait(launcher.Start(3, ["operations"]), 0), "6 ");
        Assert.Equal(3, three.Length);
        Assert.All(three, line => Assert.Equal("6 1.5|6 6|0 6 12 18 24 30|1099511627776 7|1 2 3|0 2 4|True False|5", line));
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void WaitingForRankZeroCostsNoProcessor(string mpi)
    {
        string waiting = Assert.Single(Lines(MpiLauncher.Wait(MpiLauncher.Of(mpi).Start(2, ["wait"]), 0), "rank 1 used "));
        Assert.InRange(double.Parse(waiting["rank 1 used ".Length..], CultureInfo.InvariantCulture), 0, 0.2);
    }

    /// <summary>Six steps, each with its loss and gradient in metrics.csv. The first five losses must agree in six digits: they need the norms' statistics
    /// of the whole batch, their backward pass and the sums of gradients. The small learning rate defers what sums in another order end in: a sign that is
    /// another; so the sixth is only held near. A teacher's convolutions of half a batch are summed in another order on some processors, and its rate is not small: three
    /// digits of six are left after its second step.</summary>
    [Theory]
    [InlineData(MpiLauncher.OpenMpi, "none", 3, 2)]
    [InlineData(MpiLauncher.OpenMpi, "resnet", 2, 1)]
    [InlineData(MpiLauncher.Mpich, "none", 2, 1)]
    public void SeveralProcessesLearnWhatOneDoes(string mpi, string teacher, int size, int accumulate)
    {
        MpiLauncher launcher = MpiLauncher.Of(mpi);
        using var folder = new TempFolder();
        (string alone, string together) = (folder.File("alone"), folder.File("together"));
        string[] What(string run) => ["convert", run, teacher, (6.0 / StepsPerEpoch).ToString(CultureInfo.InvariantCulture), $"{accumulate}", "slow"];
        MpiLauncher.Wait(MpiLauncher.Alone(What(alone)), 0);
        MpiLauncher.Wait(launcher.Start(size, What(together)), 0);
        List<(string Step, double Loss, double Norm)> one = Rows(alone);
        List<(string Step, double Loss, double Norm)> all = Rows(together);
        string both = string.Join("; ", one.Zip(all));
        Assert.Equal(6, one.Count(l => l.Step.StartsWith("student", StringComparison.Ordinal)));
        Assert.Equal(one.Select(l => l.Step), all.Select(l => l.Step));
        Assert.All(one.Zip(all).Take(5), r => Assert.Equal(r.First.Norm, r.Second.Norm, 1e-3 * r.First.Norm));
        double digits = teacher == "none" ? 1.01e-5 : 3e-4;
        Assert.All(one.Zip(all).Take(5), r => Assert.True(Math.Abs(r.First.Loss - r.Second.Loss) <= digits * r.First.Loss, both));
        Assert.All(one.Zip(all), r => Assert.True(Math.Abs(r.First.Loss - r.Second.Loss) < 0.3, both));
        Assert.True(File.Exists(Path.Combine(together, "model.evit")));
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void AKilledProcessEndsAllAndTheCheckpointIsGoodForAnyNumber(string mpi)
    {
        MpiLauncher launcher = MpiLauncher.Of(mpi);
        using var folder = new TempFolder();
        string run = folder.File("run");
        string last = Path.Combine(run, "student", "last.safetensors");
        const int epochs = 3;
        string[] what = ["convert", run, "none", $"{epochs}", "1"];
        Process all = launcher.Start(2, what, (WorkerProgram.Killed, $"1 {last}"));
        while (!all.HasExited && !File.Exists(last))
        {
            Thread.Sleep(5);
        }

        var clock = Stopwatch.StartNew();
        (int code, string said) = MpiLauncher.Wait(all);
        Assert.True(code != 0, said);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
        Assert.Contains(mpi == MpiLauncher.OpenMpi ? "exited on signal 9 (Killed)" : "EXIT CODE: 9", said, StringComparison.Ordinal);
        if (mpi == MpiLauncher.OpenMpi)
        {
            Assert.Contains("rank 0 was asked to end while it waited for the others", said, StringComparison.Ordinal);
        }

        long step = Checkpoint.Peek(last).Step;
        Assert.InRange(step, 1, (epochs * StepsPerEpoch) - 1);

        // Three go on, of which the first is killed; then one alone finishes.
        all = launcher.Start(3, [.. what, "resume"], (WorkerProgram.Killed, $"0 {folder.File("now")}"));
        while (!all.HasExited && Checkpoint.Peek(last).Step == step)
        {
            Thread.Sleep(10);
        }

        File.WriteAllText(folder.File("now"), "");
        (code, said) = MpiLauncher.Wait(all);
        Assert.True(code != 0, said);
        Assert.InRange(Checkpoint.Peek(last).Step, step + 1, (epochs * StepsPerEpoch) - 1);
        MpiLauncher.Wait(MpiLauncher.Alone([.. what, "resume"]), 0);
        Assert.Equal(epochs * StepsPerEpoch, Checkpoint.Peek(last).Step);
        Assert.True(File.Exists(Path.Combine(run, "model.evit")));
    }

    [Fact]
    public void AskedToEndAllStopAfterTheStepWithEverythingSaved()
    {
        // The other launcher kills at once.
        MpiLauncher launcher = MpiLauncher.Of(MpiLauncher.OpenMpi);
        using var folder = new TempFolder();
        string run = folder.File("run");
        string last = Path.Combine(run, "student", "last.safetensors");
        // The launcher waits before it asks, too, and the training must not be over by then.
        const int Epochs = 2000;
        string[] what = ["convert", run, "none", $"{Epochs}", "1"];
        Process all = launcher.Start(2, what, ("OMPI_MCA_odls_base_sigkill_timeout", "10"));
        while (!all.HasExited && !File.Exists(last))
        {
            Thread.Sleep(5);
        }

        Assert.Equal(0, kill(all.Id, Terminate));
        (int code, string said) = MpiLauncher.Wait(all);
        Assert.True(code != 0, said);
        Assert.Contains($"stopped after step {Checkpoint.Peek(last).Step} of {Epochs * StepsPerEpoch}; everything is saved in {last}", said, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void AFailureOfOneIsToldAndEndsAll(string mpi)
    {
        MpiLauncher launcher = MpiLauncher.Of(mpi);
        using var folder = new TempFolder();
        string run = folder.File("run");
        string said = MpiLauncher.Wait(launcher.StartTwo(["convert", run, "none", "1", "1"], ["convert", run, "none", "1", "2"]), ConvertException.Usage);
        Assert.Contains("rank 1 was started with another command or other data than rank 0: student.accumulate is 2, at rank 0 absent", said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(run, "config.json")));
    }

    /// <summary>What each process replaces differs; what is told is of all, each picture once.</summary>
    [Theory]
    [MemberData(nameof(Mpis))]
    public void ReplacedPicturesAreCountedOnceForAllProcesses(string mpi)
    {
        string[] lines = Lines(MpiLauncher.Wait(MpiLauncher.Of(mpi).Start(2, ["replace"]), 0), "replaced ");
        Assert.Equal(["replaced 0, 2 of 3, 4", "replaced 0, 2 of 3, 4"], lines);
    }

    /// <summary>Pictures go missing and break while two processes read them.</summary>
    [Theory]
    [MemberData(nameof(Mpis))]
    public void PicturesThatBreakOnTheWayAreReplacedInAllProcesses(string mpi)
    {
        MpiLauncher launcher = MpiLauncher.Of(mpi);
        using var folder = new TempFolder();
        string[] files = [.. Enumerable.Range(0, 60).Select(i => Path.Combine(Directory.CreateDirectory(folder.File(i % 2 == 0 ? "data/cat" : "data/dog")).FullName, $"{i:D2}.png"))];
        for (int i = 0; i < files.Length; i++)
        {
            File.WriteAllBytes(files[i], EndToEnd.Tests.Png.Random(16, 16, i));
        }

        string layout = folder.File("small.json"), run = folder.File("run"), last = Path.Combine(run, "student", "last.safetensors");
        File.WriteAllText(layout, Export.ConfigJson.Write(new Export.BinaryViTConfig("small", ImageSize: 16, PatchSize: 4, [new Export.StageConfig(1, 32, 64, 1, 1)], Classes: 10)));
        Process all = launcher.Start(2, ["convert", run, "none", "400", "1", $"data={folder.File("data")}", $"student={layout}"]);
        while (!all.HasExited && !File.Exists(last))
        {
            Thread.Sleep(5);
        }

        File.Delete(files[0]);
        File.WriteAllText(files[1], "no picture");
        File.Delete(files[2]);
        MpiLauncher.Wait(all, 0);
        Assert.Contains("\"replacedImages\": 3", File.ReadAllText(Path.Combine(run, "result.json")), StringComparison.Ordinal);
        Assert.Contains("3 could not be read during the training and were replaced", File.ReadAllText(Path.Combine(run, "card.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void TheyMeasureTogetherAndAgreeOnLengths()
    {
        MpiLauncher launcher = MpiLauncher.Of(MpiLauncher.OpenMpi);
        using var folder = new TempFolder();
        string[] plans = Lines(MpiLauncher.Wait(launcher.Start(2, ["convert", folder.File("plan"), "resnet", "2", "1", "plan"]), 0), "2 ");
        Assert.Equal(2, plans.Length);
        Assert.Equal(plans[0], plans[1]);
        double[] plan = [.. plans[0].Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
        Assert.Equal(2, plan[0]);
        Assert.All(plan, v => Assert.True(v > 0, plans[0]));
        Assert.False(Directory.Exists(folder.File("plan")));

        string run = folder.File("run");
        string Steps() => File.ReadLines(Path.Combine(run, "config.json")).Single(l => l.Contains("student.steps", StringComparison.Ordinal));
        MpiLauncher.Wait(launcher.Start(2, ["convert", run, "none", "1", "1", "budget"]), ConvertException.Interrupted);
        string steps = Steps();
        // Rank 0 alone reads the lengths that the run began with.
        MpiLauncher.Wait(launcher.Start(2, ["convert", run, "none", "1", "1", "budget", "resume"]), ConvertException.Interrupted);
        Assert.Equal(steps, Steps());
    }

    [Fact]
    public void PartsThatNotAllCanShareAreRefusedOnce()
    {
        using var folder = new TempFolder();
        string said = MpiLauncher.Wait(MpiLauncher.Of(MpiLauncher.OpenMpi).Start(2, ["convert", folder.File("run"), "none", "1", "5"]), ConvertException.Usage);
        Assert.Contains("--accumulate is 5, expected 1 to 4, so that each of 2 processes has two images", said, StringComparison.Ordinal);
    }

    /// <summary>One of two processes has memory for five images at a time: both go on with parts that it has room for, in step, and nothing else has
    /// changed.</summary>
    [Fact]
    public void WhereOneHasTooLittleMemoryAllDivideTheBatchAlike()
    {
        string[] said = [.. Lines(MpiLauncher.Wait(MpiLauncher.Of(MpiLauncher.OpenMpi).Start(2, ["rehearse"]), 0), "parts ").Order(StringComparer.Ordinal)];
        string[][] found = [.. said.Select(l => l.Split("; "))];
        Assert.Equal(2, found.Length);
        Assert.Equal(found[0][0], found[1][0]);
        Assert.StartsWith("parts 4, loss ", found[0][0], StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", found[0][0], StringComparison.Ordinal);
        Assert.EndsWith("fresh True", found[0][0], StringComparison.Ordinal);
        Assert.Equal(["rank 0 warned 0 times", "rank 1 warned 2 times"], found.Select(f => f[1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void LauncherAndLibraryOfDifferentMpisAreNamed()
    {
        MpiLauncher launcher = MpiLauncher.Of(MpiLauncher.OpenMpi);
        MpiLauncher.Of(MpiLauncher.Mpich);
        string said = MpiLauncher.Wait(launcher.Start(2, ["operations"], ("EDGEVIT_MPI", "libmpich.so.12")), ConvertException.Usage);
        Assert.Contains("the launcher says 2 processes, the library 1: mpirun and library (libmpich.so.12, MPICH 4", said, StringComparison.Ordinal);
    }

    [Fact]
    public void ALibraryThatCannotBeLoadedIsNamed()
    {
        string said = MpiLauncher.Wait(
            MpiLauncher.Alone(["operations"], ("OMPI_COMM_WORLD_SIZE", "2"), ("EDGEVIT_MPI", "libnowhere.so")), ConvertException.Usage);
        Assert.Contains("EDGEVIT_MPI is 'libnowhere.so', which cannot be loaded", said, StringComparison.Ordinal);
    }

    [Fact]
    public void VariablesOfAnotherLauncherGetTheCommandToType()
    {
        string said = MpiLauncher.Wait(MpiLauncher.Alone(["operations"], ("WORLD_SIZE", "2"), ("RANK", "1")), ConvertException.Usage);
        Assert.StartsWith("WORLD_SIZE is 2, but there is no MPI launcher: mpirun -np 2 edgevit convert ...", said, StringComparison.Ordinal);
    }

    /// <summary>The lines that begin with a word; libtorch says things of its own.</summary>
    private static string[] Lines(string said, string word) => [.. said.Split('\n').Where(l => l.StartsWith(word, StringComparison.Ordinal)).Select(l => l.TrimEnd('\r'))];

    /// <summary>Losses and norms of the gradient in metrics.csv by stage and step.</summary>
    private static List<(string Step, double Loss, double Norm)> Rows(string folder)
    {
        string[][] rows = [.. File.ReadLines(Path.Combine(folder, "metrics.csv")).Skip(1).Select(l => l.Split(','))];
        return [.. rows.Where(r => r[6].Length > 0 && r[4].Length > 0).Select(r => ($"{r[0]} {r[1]}", double.Parse(r[4], CultureInfo.InvariantCulture), double.Parse(r[5], CultureInfo.InvariantCulture)))];
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
