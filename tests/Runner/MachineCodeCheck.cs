namespace EdgeVit.Runner;

/// <summary>What the inner loops of the NEON kernels must be made of. A kernel of which the JIT makes calls, or which it does not vectorise,
/// still computes the right bits; only its machine code shows it.</summary>
internal static class MachineCodeCheck
{
    private static readonly (string Method, string[] Needed)[] s_loops =
    [
        ("NeonBitKernel.Four", ["eor", "cnt", "uadalp"]),
        ("NeonBitKernel.One", ["eor", "cnt", "uadalp"]),
        ("NeonRowKernel.SignAndMeans", ["fmla", "fcmgt", "fcmge", "addp", "trn1"]),
        ("NeonRowKernel.StoreAndSign", ["fmla", "fcmgt", "fcmge", "addp"]),
        ("NeonAttentionKernel.Score", ["eor", "cnt", "addp"]),
        ("NeonAttentionKernel.Select", ["cmhs", "uzp1", "addp"]),
        ("NeonAttentionKernel.Context", ["and", "cnt"]),
    ];

    private static readonly (string Method, string[] Needed)[] s_dotLoops =
    [
        ("NeonDotBitKernel.Four", ["eor", "cnt", "udot"]),
        ("NeonDotBitKernel.One", ["eor", "cnt", "udot"]),
    ];

    /// <summary>Methods without any call: one would send the block of channels that is in registers to memory and back.</summary>
    private static readonly string[] s_leaves = ["NeonRowKernel.Stages", "NeonRowKernel.SignAndMeans", "NeonRowKernel.StoreAndSign"];

    /// <summary>Checks a listing.</summary>
    /// <param name="path">The JIT's listing.</param>
    /// <param name="dot">Whether the kernels with dot products ran.</param>
    internal static int Run(string path, bool dot)
    {
        string listing = File.ReadAllText(path);
        ILookup<string, InnerLoop> loops = MachineCode.InnerLoops(listing).ToLookup(l => l.Method, StringComparer.Ordinal);
        int wrong = 0;
        foreach (string leaf in s_leaves)
        {
            string[][] forms = [.. MachineCode.Methods(listing).Where(m => m.Key.Name == leaf).Select(m => m.Value)];
            if (forms.Length == 0 || forms.Any(code => code.Any(i => i.Split(' ')[0] is "bl" or "blr")))
            {
                wrong++;
                Console.WriteLine($"WRONG {leaf}: {(forms.Length == 0 ? "not in the listing" : "makes calls")}");
            }
        }

        foreach ((string method, string[] needed) in dot ? s_loops.Concat(s_dotLoops) : s_loops)
        {
            InnerLoop[] found = [.. loops[method].Where(l => needed.All(l.Has))];
            InnerLoop[] calling = [.. loops[method].Where(l => l.Has("bl") || l.Has("blr"))];
            if (found.Length == 0 || calling.Length > 0)
            {
                wrong++;
                Console.WriteLine($"WRONG {method}: {(calling.Length > 0 ? "an inner loop with a call" : $"no inner loop with {string.Join(", ", needed)}")} among {loops[method].Count()}");
                foreach (InnerLoop loop in loops[method])
                    Console.WriteLine("  " + string.Join("\n  ", loop.Instructions) + "\n");
                continue;
            }

            Console.WriteLine($"{method}: {string.Join(", ", needed)}; {found[0].Instructions.Count} instructions, no calls");
        }

        return wrong == 0 ? 0 : 1;
    }
}
