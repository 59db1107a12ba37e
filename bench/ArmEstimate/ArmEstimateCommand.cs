using EdgeVit.Export;

namespace EdgeVit.Bench;

/// <summary>The steps of <c>bench/arm-estimate.sh</c>.</summary>
internal static class ArmEstimateCommand
{
    // model PRESET FILE                         a preset network with random weights
    // blocks FILE                               counts the blocks in an emulator's log on standard input
    // write FOLDER MCA KERNEL FILE              the estimate, of what the script left in the folder
    internal static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["model", var preset, var file]:
                File.WriteAllBytes(file, RandomModels.Bytes(BinaryViTPresets.Get(preset)));
                return 0;
            case ["blocks", var counts]:
                CycleEstimate.CountBlocks(Console.In, counts);
                return 0;
            case ["write", var folder, var mca, var kernel, var file]:
                CycleEstimate.Write(folder, mca, kernel, file);
                return 0;
            default:
                Console.Error.WriteLine("bench: 'arm-estimate' is what bench/arm-estimate.sh calls; run that");
                return 2;
        }
    }
}
