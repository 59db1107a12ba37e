using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

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
    [DistributedFact]
    public void SeveralProcessesLearnWhatOneDoes()
    {
        using var folder = new TempFolder();
        foreach ((string teacher, int size, int accumulate) in new[] { ("none", 2, 2), ("none", 3, 1), ("resnet", 2, 1) })
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

    [DistributedFact]
    public void AKilledProcessEndsAllAndTheCheckpointIsGoodForAnyNumber()
    {
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

    [DistributedFact]
    public void AFailureOfOneIsToldByAll()
    {
        using var folder = new TempFolder();
        int port = FreePort();
        Process first = Start(folder.File("run"), "none", 1, 1, (0, 2, port));
        Process other = Start(folder.File("run"), "none", 1, 2, (1, 2, port));
        Assert.Contains("rank 1 was started with another command", Wait(other, 2), StringComparison.Ordinal);
        string said = Wait(first, 1);
        Assert.Contains("rank 1 (process", said, StringComparison.Ordinal);
        Assert.Contains("student.accumulate is 2, at rank 0 absent", said, StringComparison.Ordinal);
    }

    [DistributedFact]
    public void WhoDoesNotComeOrComesTwiceIsNamed()
    {
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

    private static Process[] StartAll(int size, string folder, string teacher, double epochs, int accumulate, int killed = -1, string? at = null, bool resume = false)
    {
        int port = FreePort();
        return [.. Enumerable.Range(0, size).Select(r => Start(folder, teacher, epochs, accumulate, (r, size, port), r == killed ? at : null, resume))];
    }

    private static Process Start(
        string folder, string teacher, double epochs, int accumulate, (int Rank, int Size, int Port)? world = null, string? killedAt = null, bool resume = false)
    {
        var start = new ProcessStartInfo("dotnet",
            [typeof(WorkerProgram).Assembly.Location, folder, teacher, epochs.ToString(CultureInfo.InvariantCulture), $"{accumulate}", resume ? "resume" : ""])
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
