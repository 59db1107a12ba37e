using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>A process of its own that does something alone or with others, as its launcher says. <see cref="DistributedTests"/> starts it.</summary>
internal static class WorkerProgram
{
    /// <summary>Set to a rank and a file: that process kills itself, without a word, as soon as the file exists.</summary>
    internal const string Killed = "TEST_KILLED";

    /// <summary>What processes convert.</summary>
    internal static ConvertOptions Options(string folder, string teacher, double epochs, int accumulate = 1) => new()
    {
        Data = "shapes",
        Out = folder,
        ShapesTrain = 200,
        ShapesTest = 20,
        Teacher = teacher,
        TeacherEpochs = 1,
        Epochs = epochs,
        BatchSize = 16,
        Accumulate = accumulate,
        ParityImages = 1,
        Device = "cpu",
        Threads = 1,
        Precision = ConvertOptions.Float32,
    };

    private static async Task<int> Main(string[] arguments) => arguments switch
    {
        ["worker", .. var rest] => Work(rest),
        _ when arguments.Any(a => a is "--server" or "--internal-msbuild-node") =>
            await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments),
    };

    private static int Work(string[] arguments)
    {
        using var cancel = new CancellationTokenSource();
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            cancel.Cancel();
        }
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        if (Environment.GetEnvironmentVariable(Killed)?.Split(' ') is [var rank, var file]
            && rank == (Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK") ?? Environment.GetEnvironmentVariable("PMI_RANK")))
        {
            new Thread(() => KillSelf(file)) { IsBackground = true }.Start();
        }
        try
        {
            ProcessGroup? group = GroupStart.FromEnvironment("cpu", cancel.Token);
            switch (arguments)
            {
                case ["convert", .. var rest]:
                    Convert(rest, group, cancel.Token);
                    break;
                case ["operations"]:
                    Print(Operations(group!));
                    break;
                case ["rehearse"]:
                    Print(Rehearsed(group!));
                    break;
                case ["replace"]:
                    Print(Replaced(group!));
                    break;
                case ["memory", var step]:
                    Print(MeasuredSteps.Of(step));
                    break;
                case ["wait"]:
                    Print(Waited(group!));
                    break;
                default:
                    throw new ConvertException($"unknown work {string.Join(' ', arguments)}", ConvertException.Usage);
            }
            return 0;
        }
        catch (ConvertException e)
        {
            Console.Error.WriteLine(e.Message);
            return e.ExitCode;
        }
    }

    /// <summary>Arguments: folder, teacher, epochs, accumulate, and any of the words resume, plan (prints what was measured), budget (fits the training to two
    /// minutes and ends after a second), slow (hardly learns), data=FOLDER and student=FILE (pictures that are read each time).</summary>
    private static void Convert(string[] arguments, ProcessGroup? group, CancellationToken cancel)
    {
        ConvertOptions fresh = Options(
            arguments[0], arguments[1], double.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture));
        ConvertOptions options = fresh with { Resume = arguments.Contains("resume"), CheckpointEvery = TimeSpan.FromSeconds(1) };
        if (Value(arguments, "data=") is { } data)
        {
            options = options with { Data = data, Student = Value(arguments, "student=")!, Crop = 0.5 };
        }

        if (arguments.Contains("slow"))
        {
            options = options with { LearningRate = 1e-6 };
        }

        if (arguments.Contains("budget"))
        {
            options = options with { Budget = TimeSpan.FromMinutes(2), StopAfter = TimeSpan.FromSeconds(1), Epochs = null, TeacherEpochs = null };
        }

        if (arguments.Contains("plan"))
        {
            ConvertPlan plan = Converter.Plan(options, new SilentProgress(), group: group);
            Print(string.Create(CultureInfo.InvariantCulture, $"{plan.Processes} {plan.Teacher?.StepSeconds:R} {plan.Student.StepSeconds:R} {plan.Student.Steps}"));
        }
        else if (group is { IsFirst: false })
        {
            Converter.Assist(options, group, cancel);
        }
        else
        {
            Converter.Convert(options, new SilentProgress(), cancel, group);
        }
    }

    private static string? Value(string[] arguments, string name) => Array.Find(arguments, a => a.StartsWith(name, StringComparison.Ordinal))?[name.Length..];

    /// <summary>What the operations of all processes make of numbers that tell the ranks apart.</summary>
    private static string Operations(ProcessGroup group)
    {
        double[] numbers = [group.Rank + 1, 0.5];
        group.Sum(numbers);
        using Tensor large = torch.full(3_000_000, group.Rank + 1f);
        using Tensor every = torch.arange(6, dtype: ScalarType.Float64).view(2, 3) * (group.Rank + 1);
        using Tensor turned = every.t();
        group.Sum([large, turned]);
        using Tensor whole = torch.tensor([1L << 40, 7L]) * (group.IsFirst ? 1 : 0);
        group.Broadcast([whole]);
        byte[] bytes = group.Broadcast((byte[])(group.IsFirst ? [1, 2, 3] : []));
        string said = string.Create(CultureInfo.InvariantCulture,
            $"{numbers[0]} {numbers[1]}|{large.min().item<float>()} {large.max().item<float>()}|{string.Join(' ', every.data<double>())}|{string.Join(' ', whole.data<long>())}|{string.Join(' ', bytes)}|{string.Join(' ', group.AllGather(group.Rank * 2))}|{group.Any(group.Rank == 1)} {group.Any(false)}|{group.Broadcast(group.Rank + 5)[0]}");
        group.Leave();
        return said;
    }

    /// <summary>One of two processes has memory for five images at a time: parts, warnings, loss, weights, statistics of fresh norms.</summary>
    private static string Rehearsed(ProcessGroup group)
    {
        PixelSource source = DataTests.Shapes(32);
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 32)], 32, Augmentation.None, seed: 3, new BatchShare(group.Rank, 2, Apart: false));
        torch.manual_seed(5);
        using var model = new ResNet(10, 8);
        var progress = new AccumulationTests.Lines();
        var task = new AccumulationTests.Hungry(new ClassifyTask(model), group.Rank == 1 ? 5 : int.MaxValue);
        using var step = new TrainingStep(task, new TrainSettings { Steps = 10, BatchSize = 32, Warmup = 0 }, source, torch.CPU, progress, group);
        step.Begin(0);
        group.Broadcast(model);
        step.Rehearse(loader.Get(0));
        bool fresh = model.buffers().Where(b => b.is_floating_point()).SelectMany(ModelTensors.ToArray).All(v => v is 0 or 1);
        model.train();
        double loss = step.Run(loader.Get(0)).Loss;
        double weights = model.parameters().SelectMany(ModelTensors.ToArray).Select((w, i) => w * Math.Sin(i)).Sum();
        group.Leave();
        return string.Create(CultureInfo.InvariantCulture, $"parts {step.Parts}, loss {loss:R}, weights {weights:R}, fresh {fresh}; rank {group.Rank} warned {progress.Seen.Count} times");
    }

    /// <summary>Pictures 3 and 5 break where rank 0 reads them, 5 and 8 where rank 1 does; then 9 where rank 0 does.</summary>
    private static string Replaced(ProcessGroup group)
    {
        var data = new FragileDataset(40, 2);
        var replacements = new Replacements(data) { Allowed = true };
        replacements.Join(group);
        int before = replacements.CountOfAll;
        foreach (int index in (int[])(group.IsFirst ? [3, 5] : [5, 8]))
        {
            data.Broken[index] = true;
            replacements.Load(data, index);
        }

        replacements.Join(group);
        (int own, int all) = (replacements.Count, replacements.CountOfAll);
        if (group.IsFirst)
        {
            data.Broken[9] = true;
            replacements.Load(data, 9);
        }

        replacements.Join(group);
        group.Leave();
        return string.Create(CultureInfo.InvariantCulture, $"replaced {before}, {own} of {all}, {replacements.CountOfAll}");
    }

    /// <summary>Share of a processor that waiting three seconds for rank 0 costs.</summary>
    private static string Waited(ProcessGroup group)
    {
        using Process self = Process.GetCurrentProcess();
        TimeSpan before = self.TotalProcessorTime;
        if (group.IsFirst)
        {
            Thread.Sleep(3000);
        }

        group.Barrier();
        self.Refresh();
        double share = (self.TotalProcessorTime - before).TotalSeconds / 3;
        group.Leave();
        return string.Create(CultureInfo.InvariantCulture, $"rank {group.Rank} used {share:F3}");
    }

    /// <summary>A line of its own, whatever the other processes print.</summary>
    private static void Print(string line) => Console.Out.Write(line + "\n");

    private static void KillSelf(string file)
    {
        while (!File.Exists(file))
        {
            Thread.Sleep(1);
        }

        Process.GetCurrentProcess().Kill();
    }
}
