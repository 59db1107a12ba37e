using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>The entry point: the tests, or one check in a process of its own, on another processor or with other settings of the runtime.
/// <see cref="InstructionSetTests"/> and <c>tests/arm64.sh</c> start such processes.</summary>
internal static class CheckProgram
{
    /// <summary>Exit code where the kernel set that was asked for does not run here.</summary>
    internal const int NotSupported = 4;

    // instructions                              what this process may use, as JSON
    // write FOLDER                              models with the logits that the reference interpreter gives
    // check FILE|FOLDER... [--threads 1,2]      every available kernel set (or EDGEVIT_KERNEL's) must give the stored logits, bit for bit
    // allocations FILE RUNS                     managed bytes that RUNS runs allocate, of all threads, with 1 to 4 threads
    // run FILE IMAGES                           one thread; what bench/arm-estimate.sh counts
    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case ["instructions"]:
                    Console.WriteLine(Instructions());
                    return 0;
                case ["write", var folder]:
                    ReferenceNetworks.Write(folder);
                    return 0;
                case ["check", .. var paths, "--threads", var threads] when paths.Length > 0:
                    return SelfTests.Check(paths, [.. threads.Split(',').Select(Number)]);
                case ["check", .. var paths] when paths.Length > 0:
                    return SelfTests.Check(paths, [1, 2, 3, 4]);
                case ["allocations", var file, var runs]:
                    return Allocations.Check(file, Number(runs));
                case ["run", var file, var images]:
                    Run(file, Number(images));
                    return 0;
                case var _ when arguments.Any(a => a is "--server" or "--internal-msbuild-node"):
                    return await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
                default:
                    return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments);
            }
        }
        catch (KernelNotSupportedException e)
        {
            Console.Error.WriteLine(e.Message);
            return NotSupported;
        }
    }

    private static string Instructions() => JsonSerializer.Serialize(new
    {
        architecture = RuntimeInformation.ProcessArchitecture.ToString(),
        instructions = InstructionSets.All,
        kernels = KernelSets.Available.Select(KernelSets.Name),
    });

    private static void Run(string file, int images)
    {
        using EvitModel model = EvitModel.Open(file);
        using Session session = model.CreateSession();
        float[] input = SelfTest.Input(3, model.InputShape);
        var logits = new float[model.Classes];
        for (int i = 0; i < images; i++)
        {
            session.RunNchw(input, logits);
        }

        Console.WriteLine($"{session.KernelName}: {images} images, .NET {Environment.Version}");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
