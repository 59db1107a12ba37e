using System.Diagnostics;
using System.Globalization;

namespace EdgeVit.Quantize.Tests;

/// <summary>A process of its own that converts procedural images, alone or with others, as the environment's variables say.
/// <see cref="DistributedTests"/> starts it.</summary>
internal static class WorkerProgram
{
    /// <summary>Set to a file: the process kills itself, without a word, as soon as the file exists.</summary>
    internal const string KilledAt = "TEST_KILLED_AT";

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
    };

    private static async Task<int> Main(string[] arguments) => arguments switch
    {
        ["worker", .. var rest] => Work(rest),
        _ when arguments.Any(a => a is "--server" or "--internal-msbuild-node") =>
            await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments),
    };

    /// <summary>Arguments: folder, teacher, epochs, accumulate, and any of the words resume, plan (prints what was measured), budget (fits the training to two
    /// minutes and ends after a second).</summary>
    private static int Work(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(KilledAt) is { } file)
            new Thread(() => KillSelf(file)) { IsBackground = true }.Start();
        ConvertOptions fresh = Options(
            arguments[0], arguments[1], double.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture));
        ConvertOptions options = fresh with { Resume = arguments.Contains("resume") };
        if (arguments.Contains("budget"))
            options = options with { Budget = TimeSpan.FromMinutes(2), StopAfter = TimeSpan.FromSeconds(1), Epochs = null, TeacherEpochs = null };
        try
        {
            using World? world = World.FromEnvironment(options.Device);
            if (arguments.Contains("plan"))
                Print(Converter.Plan(options, new SilentProgress(), world: world));
            else if (world is { IsFirst: false })
                Converter.Assist(options, world);
            else
                Converter.Convert(options, new SilentProgress(), world: world);
            return 0;
        }
        catch (ConvertException e)
        {
            Console.Error.WriteLine(e.Message);
            return e.ExitCode;
        }
    }

    private static void Print(ConvertPlan plan) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.Processes} {plan.Teacher?.StepSeconds:R} {plan.Student.StepSeconds:R} {plan.Student.Steps}"));

    private static void KillSelf(string file)
    {
        while (!File.Exists(file))
            Thread.Sleep(1);
        Process.GetCurrentProcess().Kill();
    }
}
