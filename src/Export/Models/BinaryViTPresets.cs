namespace EdgeVit.Export;

/// <summary>The named networks. A preset is a starting point: <see cref="BinaryViTConfig.With"/> adapts it to a data set.</summary>
internal static class BinaryViTPresets
{
    /// <summary>All presets: BinaryViT's, largest first, then other papers' networks in bits.</summary>
    public static IReadOnlyList<BinaryViTConfig> All { get; } =
    [
        // The paper's BinaryViT-small: 22.6 M parameters at 224x224, 56x56 tokens down to 7x7.
        new BinaryViTConfig("binaryvit-small", ImageSize: 224, PatchSize: 4, PaperStages(), Classes: 1000).Validate(),

        // The paper's BinaryViT*: the same with float convolutions between the stages.
        new BinaryViTConfig("binaryvit-small-fp", ImageSize: 224, PatchSize: 4, PaperStages(), Classes: 1000, Down: DownKind.Float).Validate(),

        HybridPresets.Hybrid224.Validate(),
        HybridPresets.HybridLite.Validate(),
        HybridPresets.Hybrid32.Validate(),
        HybridPresets.HybridWide.Validate(),
        HybridPresets.HybridNano.Validate(),

        // The first three stages for small images: 8.4 M parameters, 16x16 tokens down to 4x4.
        new BinaryViTConfig(
            "binaryvit-32",
            ImageSize: 32,
            PatchSize: 2,
            [
                new StageConfig(Depth: 3, Width: 64, FfnWidth: 512, Heads: 1, Reduction: 4),
                new StageConfig(Depth: 4, Width: 128, FfnWidth: 1024, Heads: 2, Reduction: 2),
                new StageConfig(Depth: 8, Width: 256, FfnWidth: 1024, Heads: 4, Reduction: 1),
            ],
            Classes: 10).Validate(),

        // The paper's network as small as hybrid-nano, to be compared with it: 8x8 tokens, then 4x4, then 2x2.
        new BinaryViTConfig(
            "binaryvit-nano",
            ImageSize: 32,
            PatchSize: 4,
            [
                new StageConfig(Depth: 1, Width: 64, FfnWidth: 128, Heads: 1, Reduction: 1),
                new StageConfig(Depth: 2, Width: 128, FfnWidth: 256, Heads: 2, Reduction: 1),
                new StageConfig(Depth: 2, Width: 256, FfnWidth: 512, Heads: 4, Reduction: 1),
            ],
            Classes: 10).Validate(),

        BinaryDeit.Config,
        BinaryCait.Config,
        BinaryPit.Config,
        BinaryCvt.Config,
        BinaryCeit.Config,
        BinaryT2t.Config,
        BinaryLevit.Config,
        BinarySwin.Config,
        BinaryMaxvit.Config,
        BinaryMobilevit.Config,
        BinaryFastvit.Config,
        BinaryEfficientformer.Config,
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(p => p.Name)];

    /// <summary>The preset of this name; upper and lower case are the same.</summary>
    /// <exception cref="ModelFormatException">There is none; the message names the nearest and lists all.</exception>
    public static BinaryViTConfig Get(string name)
    {
        return All.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ModelFormatException($"Unknown network '{name}'. Did you mean '{Nearest(name)}'? Known: {string.Join(", ", Names)}.");
    }

    /// <summary>The preset whose name is nearest to this one: names that contain it first, then by the number of edits.</summary>
    public static string Nearest(string name)
    {
        string asked = name.ToUpperInvariant();
        return Names.MinBy(candidate => (!candidate.Contains(asked, StringComparison.OrdinalIgnoreCase),
            EditDistance(asked, candidate.ToUpperInvariant())))!;
    }

    private static IReadOnlyList<StageConfig> PaperStages() =>
    [
        new StageConfig(Depth: 3, Width: 64, FfnWidth: 512, Heads: 1, Reduction: 8),
        new StageConfig(Depth: 4, Width: 128, FfnWidth: 1024, Heads: 2, Reduction: 4),
        new StageConfig(Depth: 8, Width: 256, FfnWidth: 1024, Heads: 4, Reduction: 1),
        new StageConfig(Depth: 4, Width: 512, FfnWidth: 2048, Heads: 8, Reduction: 1),
    ];

    /// <summary>Levenshtein's distance: insertions, deletions and replacements that turn one into the other.</summary>
    internal static int EditDistance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[b.Length];
    }
}
