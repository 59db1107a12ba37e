using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeVit.Runner;
using EdgeVit.Runtime;

// Runs the runtime's tests and whole networks in one plain process: on machines and emulators that have no test host, and with instruction
// sets switched off.
const string Usage = """
    runner flags                         what this process may use, as JSON
    runner write FOLDER                  models with the logits that the reference interpreter gives
    runner check FILE|FOLDER... [--threads 1,2]
                                         every available kernel set (or EDGEVIT_KERNEL's) must give the stored logits, bit for bit
    runner allocations FILE RUNS         managed bytes that RUNS runs allocate, of all threads, with 1 to 4 threads
    runner code LISTING [dot]            the inner loops in the JIT's listing (DOTNET_JitDisasm, DOTNET_JitStdOutFile) must be those meant
    runner preset NAME FILE              a preset network with random weights
    runner run FILE COUNT                one thread, COUNT images
    runner blocks FILE                   counts the blocks in an emulator's log on standard input (see bench/arm-estimate.sh)
    runner estimate FOLDER MCA KERNEL FILE
    """;

try
{
    return Run();
}
catch (KernelNotSupportedException e)
{
    Console.Error.WriteLine($"runner: {e.Message}");
    return 4;
}

int Run()
{
    switch (args)
    {
        case ["flags"]:
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                architecture = RuntimeInformation.ProcessArchitecture.ToString(),
                instructions = InstructionSets.All,
                kernels = KernelSets.Available.Select(KernelSets.Name),
            }));
            return 0;
        case ["write", var folder]:
            return Networks.Write(folder);
        case ["check", .. var paths, "--threads", var threads] when paths.Length > 0:
            return Networks.Check(paths, [.. threads.Split(',').Select(int.Parse)]);
        case ["check", .. var paths] when paths.Length > 0:
            return Networks.Check(paths, [1, 2, 3, 4]);
        case ["allocations", var file, var runs]:
            return Allocations.Run(file, int.Parse(runs));
        case ["code", var listing, .. var dot] when dot is [] or ["dot"]:
            return MachineCodeCheck.Run(listing, dot.Length > 0);
        case ["preset", var name, var file]:
            return Networks.Preset(name, file);
        case ["run", var model, var images]:
            return Networks.Run(model, int.Parse(images));
        case ["blocks", var counts]:
            return Estimate.CountBlocks(Console.In, counts);
        case ["estimate", var folder, var mca, var kernel, var file]:
            return Estimate.Run(folder, mca, kernel, file);
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
