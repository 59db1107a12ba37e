namespace EdgeVit.Runtime.Tests.Neon;

/// <summary>What the inner loops of the NEON kernels must be made of. A kernel of which the JIT makes calls, or which it does not vectorise,
/// still computes the right bits; only its machine code shows it.</summary>
internal static class NeonLoops
{
    private static readonly (string Method, string[] Needed)[] s_loops =
    [
        ("NeonBitKernel.Four", ["eor", "cnt", "uadalp"]),
        ("NeonBitKernel.One", ["eor", "cnt", "uadalp"]),
        ("NeonTableBitKernel.Pair", ["tbl", "usra"]),
        ("WeightTables.LookUp", ["ldp", "add", "usra"]),
        ("NeonHiddenLayer.Run", ["saddw", "fmla", "smin", "fcmge", "bit"]),
        ("EpilogueKernel`2.Branch", ["saddw", "fmla", "smin", "fcmge", "bit", "addp"]),
        ("NeonAttentionKernel.Score", ["eor", "cnt", "addp"]),
        ("NeonAttentionKernel.Select", ["cmhs", "uzp1", "addp"]),
        ("NeonAttentionKernel.Context", ["and", "cnt"]),
    ];

    /// <summary>Methods without any call: one would send the block of channels that is in registers to memory and back.</summary>
    private static readonly string[] s_leaves = ["EpilogueKernel`2.Branch"];

    /// <summary>Checks a listing of the JIT.</summary>
    /// <param name="listing">Its text.</param>
    /// <returns>A text for each method that is not what it must be.</returns>
    internal static IReadOnlyList<string> Faults(string listing)
    {
        var faults = new List<string>();
        ILookup<string, string[]> methods = JitListing.Methods(listing).ToLookup(m => m.Key.Name, m => m.Value, StringComparer.Ordinal);
        foreach (string leaf in s_leaves)
        {
            if (!methods[leaf].Any())
            {
                faults.Add($"{leaf}: not in the listing");
            }
            else if (methods[leaf].Any(code => code.Any(i => i.Split(' ')[0] is "bl" or "blr")))
            {
                faults.Add($"{leaf}: makes calls");
            }
        }

        ILookup<string, InnerLoop> loops = JitListing.InnerLoops(listing).ToLookup(l => l.Method, StringComparer.Ordinal);
        foreach ((string method, string[] needed) in s_loops)
        {
            string code = string.Join("\n\n", loops[method].Select(l => string.Join('\n', l.Instructions)));
            if (!loops[method].Any(l => needed.All(l.Has)))
            {
                faults.Add($"{method}: no inner loop with {string.Join(", ", needed)} among these {loops[method].Count()}:\n{code}");
            }
            else if (loops[method].Any(l => l.Has("bl") || l.Has("blr")))
            {
                faults.Add($"{method}: an inner loop with a call:\n{code}");
            }
        }

        return faults;
    }
}
