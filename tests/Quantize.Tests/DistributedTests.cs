using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>Real processes that train together over the loopback.</summary>
public class DistributedTests
{
    /// <summary>190 images in batches of 16.</summary>
    private const int StepsPerEpoch = 11;

    private static readonly TimeSpan s_most = TimeSpan.FromMinutes(5);

    /// <summary>Ten steps, each with its loss and gradient in metrics.csv. The first must agree in all its digits: its loss needs the norms' statistics of
    /// the whole batch, its gradient their backward pass and the sums. From then on sums in another order show: Adam's first steps are the signs of
    /// gradients, those of zero included, and binary networks answer with signs of their own; so later losses are only held near one another.</summary>
    [Fact]
    public void SeveralProcessesLearnWhatOneDoes()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        using var folder = new TempFolder();
        foreach ((string teacher, int size, int accumulate) in new[] { ("none", 2, 2), ("none", 3, 2), ("resnet", 2, 1) })
        {
            string name = $"{teacher}-{size}-{accumulate}";
            string alone = folder.File($"{name}-alone");
            string together = folder.File($"{name}-together");
            Assert.Equal((0, ""), Wait(Start(alone, teacher, 10.0 / StepsPerEpoch, accumulate)));
            Assert.All(StartAll(size, together, teacher, 10.0 / StepsPerEpoch, accumulate), p => Assert.Equal((0, ""), Wait(p)));
            List<(string Step, double Loss, double Norm)> one = Rows(alone);
            List<(string Step, double Loss, double Norm)> all = Rows(together);
            Assert.Equal(10, one.Count(l => l.Step.StartsWith("student", StringComparison.Ordinal)));
            Assert.Equal(one.Select(l => l.Step), all.Select(l => l.Step));
            Assert.True(Math.Abs(one[0].Loss - all[0].Loss) < 1e-4, $"{name}: {one[0]} {all[0]}; {one[1]} {all[1]}");
            Assert.Equal(one[0].Norm, all[0].Norm, 1e-3 * one[0].Norm);
            Assert.All(one.Zip(all), r => Assert.True(Math.Abs(r.First.Loss - r.Second.Loss) < 0.3, $"{name}: {r}"));
            Assert.True(File.Exists(Path.Combine(together, "model.evit")));
        }
    }

    [Fact]
    public void AKilledProcessEndsAllAndTheCheckpointIsGoodForAnyNumber()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        using var folder = new TempFolder();
        string run = folder.File("run");
        string last = Path.Combine(run, "student", "last.safetensors");
        const int epochs = 5;
        Process[] all = StartAll(2, run, "none", epochs, 1, killed: 1, at: last);
        (int code, string said) = Wait(all[0]);
        Assert.Equal(137, Wait(all[1]).Code);
        Assert.True(code == 1, $"{code}: {said}");
        Assert.Contains($"rank 1 (process {all[1].Id} on ", said, StringComparison.Ordinal);
        Assert.Contains("has gone", said, StringComparison.Ordinal);
        Assert.Contains("--resume", said, StringComparison.Ordinal);
        long step = Checkpoint.Peek(last).Step;
        Assert.InRange(step, 1, (epochs * StepsPerEpoch) - 1);

        // Three go on, of which the first is killed; then one alone finishes.
        File.Delete(folder.File("now"));
        all = StartAll(3, run, "none", epochs, 1, killed: 0, at: folder.File("now"), resume: true);
        while (!all[0].HasExited && Checkpoint.Peek(last).Step == step)
            Thread.Sleep(10);
        File.WriteAllText(folder.File("now"), "");
        Assert.Equal(137, Wait(all[0]).Code);
        foreach (Process other in all[1..])
        {
            (code, said) = Wait(other);
            Assert.True(code == 1, $"{code}: {said}");
            Assert.Contains("rank 0", said, StringComparison.Ordinal);
        }
        Assert.InRange(Checkpoint.Peek(last).Step, step + 1, (epochs * StepsPerEpoch) - 1);
        Assert.Equal((0, ""), Wait(Start(run, "none", epochs, 1, resume: true)));
        Assert.Equal(epochs * StepsPerEpoch, Checkpoint.Peek(last).Step);
        Assert.True(File.Exists(Path.Combine(run, "model.evit")));
    }

    [Fact]
    public void AFailureOfOneIsToldByAll()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        using var folder = new TempFolder();
        int port = FreePort();
        Process first = Start(folder.File("run"), "none", 1, 1, (0, 2, port));
        Process other = Start(folder.File("run"), "none", 1, 2, (1, 2, port));
        Assert.Contains("rank 1 was started with another command", Wait(other, 2), StringComparison.Ordinal);
        string said = Wait(first, 1);
        Assert.Contains("rank 1 (process", said, StringComparison.Ordinal);
        Assert.Contains("student.accumulate is 2, at rank 0 absent", said, StringComparison.Ordinal);
    }

    [Fact]
    public void TheyMeasureTogetherAndAgreeOnLengths()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        using var folder = new TempFolder();
        string[] plans = [.. StartAll(2, folder.File("plan"), "resnet", 2, 1, words: ["plan"]).Select(p => Wait(p, 0))];
        Assert.Equal(plans[0], plans[1]);
        Assert.StartsWith("2 0.", plans[0], StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("plan")));

        string run = folder.File("run");
        string Steps() => File.ReadLines(Path.Combine(run, "config.json")).Single(l => l.Contains("student.steps", StringComparison.Ordinal));
        Assert.All(StartAll(2, run, "none", 1, 1, words: ["budget"]), p => Wait(p, ConvertException.Interrupted));
        string steps = Steps();
        // Rank 0 alone reads the lengths that the run began with.
        Assert.All(StartAll(2, run, "none", 1, 1, resume: true, words: ["budget"]), p => Wait(p, ConvertException.Interrupted));
        Assert.Equal(steps, Steps());
    }

    [Fact]
    public void PartsThatNotAllCanShareAreRefused()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        using var folder = new TempFolder();
        Assert.All(
            StartAll(2, folder.File("run"), "none", 1, 5),
            p => Assert.Contains("--accumulate is 5, expected 1 to 4, so that each of 2 processes has two images", Wait(p, ConvertException.Usage), StringComparison.Ordinal));
    }

    /// <summary>One of two processes has memory for five images at a time: both go on with parts that it has room for, in step, and nothing else has
    /// changed.</summary>
    [Fact]
    public void WhereOneHasTooLittleMemoryAllDivideTheBatchAlike()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        PixelSource source = DataTests.Shapes(32);
        int port = FreePort();
        (int Parts, string[] Warnings, double Loss, float[] Weights, float[] Statistics)[] found = new (int, string[], double, float[], float[])[2];
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(rank => new Thread(() => found[rank] = Rehearsed(source, rank, port)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.All(found, f => Assert.Equal(4, f.Parts));
        Assert.Empty(found[0].Warnings);
        Assert.Equal(2, found[1].Warnings.Length);
        Assert.Equal(found[0].Loss, found[1].Loss);
        Assert.True(double.IsFinite(found[0].Loss));
        Assert.Equal(found[0].Weights, found[1].Weights);
        // Fresh norms: the rehearsal has left no trace in them.
        Assert.All(found, f => Assert.All(f.Statistics, v => Assert.True(v is 0 or 1)));
    }

    private static (int Parts, string[] Warnings, double Loss, float[] Weights, float[] Statistics) Rehearsed(PixelSource source, int rank, int port)
    {
        using World world = World.Join(new WorldVariables(rank, 2, "127.0.0.1", port) { Timeout = TimeSpan.FromMinutes(2) }, "cpu");
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 32)], 32, Augmentation.None, seed: 3, new BatchShare(rank, 2, Apart: false));
        torch.manual_seed(5);
        using var model = new ResNet(10, 8);
        var progress = new AccumulationTests.Lines();
        var task = new AccumulationTests.Hungry(new ClassifyTask(model), rank == 1 ? 5 : int.MaxValue);
        using var step = new TrainingStep(task, new TrainSettings { Steps = 10, BatchSize = 32, Warmup = 0 }, source, torch.CPU, progress, world);
        step.Begin(0);
        world.Broadcast(model);
        step.Rehearse(loader.Get(0));
        float[] statistics = [.. model.buffers().Where(b => b.is_floating_point()).SelectMany(ModelTensors.ToArray)];
        model.train();
        double loss = step.Run(loader.Get(0)).Loss;
        return (step.Parts, [.. progress.Seen], loss, [.. model.parameters().SelectMany(ModelTensors.ToArray)], statistics);
    }

    [Fact]
    public void WhoDoesNotComeOrComesTwiceIsNamed()
    {
        Assert.SkipUnless(World.IsAvailable, "this build has no process groups");
        var alone = new WorldVariables(0, 3, "127.0.0.1", FreePort()) { Timeout = TimeSpan.FromSeconds(1) };
        string late = Assert.Throws<ConvertException>(() => World.Join(alone, "cpu")).Message;
        Assert.Contains($"127.0.0.1:{alone.Port}, but rank 1, 2 of 3 did not come", late, StringComparison.Ordinal);

        var nobody = new WorldVariables(1, 2, "127.0.0.1", FreePort()) { Timeout = TimeSpan.FromSeconds(1) };
        Assert.Contains($"cannot reach rank 0 at 127.0.0.1:{nobody.Port}", Assert.Throws<ConvertException>(() => World.Join(nobody, "cpu")).Message, StringComparison.Ordinal);

        using var taken = new TcpListener(IPAddress.IPv6Any, 0);
        taken.Server.DualMode = true;
        taken.Start();
        var use = new WorldVariables(0, 2, "127.0.0.1", ((IPEndPoint)taken.LocalEndpoint).Port) { Timeout = TimeSpan.FromSeconds(1) };
        ConvertException inUse = Assert.Throws<ConvertException>(() => World.Join(use, "cpu"));
        Assert.Equal(ConvertException.Usage, inUse.ExitCode);
        Assert.Contains($"MASTER_PORT is {use.Port}, but rank 0 cannot listen there", inUse.Message, StringComparison.Ordinal);
    }

    private static Process[] StartAll(int size, string folder, string teacher, double epochs, int accumulate, int killed = -1, string? at = null, bool resume = false, string[]? words = null)
    {
        int port = FreePort();
        return [.. Enumerable.Range(0, size).Select(r => Start(folder, teacher, epochs, accumulate, (r, size, port), r == killed ? at : null, resume, words))];
    }

    private static Process Start(
        string folder, string teacher, double epochs, int accumulate, (int Rank, int Size, int Port)? world = null, string? killedAt = null, bool resume = false, string[]? words = null)
    {
        var start = new ProcessStartInfo("dotnet",
            [typeof(WorkerProgram).Assembly.Location, "worker", folder, teacher, epochs.ToString(CultureInfo.InvariantCulture), $"{accumulate}", resume ? "resume" : "", .. words ?? []])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (string name in (string[])["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK", "LOCAL_WORLD_SIZE"])
            start.Environment.Remove(name);
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        if (world is var (rank, size, port))
        {
            start.Environment["RANK"] = $"{rank}";
            start.Environment["WORLD_SIZE"] = $"{size}";
            start.Environment["MASTER_ADDR"] = "127.0.0.1";
            start.Environment["MASTER_PORT"] = $"{port}";
        }
        if (killedAt is not null)
            start.Environment[WorkerProgram.KilledAt] = killedAt;
        return Process.Start(start)!;
    }

    private static (int Code, string Said) Wait(Process process)
    {
        Task<string> said = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        bool ended = process.WaitForExit(s_most);
        if (!ended)
            process.Kill();
        Assert.True(ended, "a process hangs");
        process.WaitForExit();
        return (process.ExitCode, said.Result + output.Result);
    }

    private static string Wait(Process process, int code)
    {
        (int actual, string said) = Wait(process);
        Assert.True(actual == code, $"{actual}, expected {code}: {said}");
        return said;
    }

    /// <summary>Losses and norms of the gradient in metrics.csv by stage and step.</summary>
    private static List<(string Step, double Loss, double Norm)> Rows(string folder)
    {
        string[][] rows = [.. File.ReadLines(Path.Combine(folder, "metrics.csv")).Skip(1).Select(l => l.Split(','))];
        return [.. rows.Where(r => r[6].Length > 0 && r[4].Length > 0).Select(r => ($"{r[0]} {r[1]}", double.Parse(r[4], CultureInfo.InvariantCulture), double.Parse(r[5], CultureInfo.InvariantCulture)))];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
