namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>Models against the logits stored in them, which another machine or the reference interpreter computed.</summary>
internal static class SelfTests
{
    /// <summary>Every file's self-test with every kernel set, or with the one that the environment forces, and every number of threads. Prints
    /// what was compared.</summary>
    /// <param name="paths">Model files and folders of them.</param>
    /// <param name="threads">Numbers of threads.</param>
    /// <returns>The exit code: 0 where all bits are the same.</returns>
    internal static int Check(string[] paths, int[] threads)
    {
        string[] files = [.. paths.SelectMany(p => Directory.Exists(p) ? Directory.GetFiles(p, "*.evit") : [p]).Order(StringComparer.Ordinal)];
        IReadOnlyList<KernelChoice> choices =
            Environment.GetEnvironmentVariable(KernelSets.Variable) is { Length: > 0 } ? [KernelSets.Resolve(null)] : KernelSets.Available;
        int wrong = 0;
        foreach (KernelChoice choice in choices)
        {
            foreach (string file in files)
            {
                using EvitModel model = EvitModel.Open(file);
                foreach (int count in threads)
                {
                    if (!model.RunSelfTest(new SessionOptions { Kernel = choice, Threads = count }).Passed)
                    {
                        wrong++;
                        Console.WriteLine($"WRONG {Path.GetFileName(file)}, {KernelSets.Name(choice)}, {count} threads");
                    }
                }
            }

            Console.WriteLine($"{KernelSets.Name(choice)}: {files.Length} networks, {string.Join(", ", threads)} threads");
        }

        Console.WriteLine(wrong == 0 ? "all logits as stored, bit for bit" : $"{wrong} runs gave other logits");
        return wrong == 0 && files.Length > 0 ? 0 : 1;
    }
}
