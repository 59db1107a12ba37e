namespace EdgeVit.EndToEnd.Tests;

/// <summary>The folders of a project use each other one way.</summary>
public class FolderTests
{
    private static readonly string[] s_projects =
    [
        "src/Runtime", "src/Imaging", "src/Export", "src/Cli", "devices", "bench",
#if TRAINING
        "src/Quantize",
#endif
    ];

    public static TheoryData<string> Projects => [.. s_projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void NoFolderIsUsedByWhatItUses(string project)
    {
        SortedDictionary<(string From, string To), SortedSet<string>> references = References(project);
        string[] cycles =
        [
            .. FolderReferences.Cycles(references.Keys).Select(cycle => string.Join(
                "\n  ", cycle.Zip([.. cycle.Skip(1), cycle[0]], (from, to) => $"{from} uses {to}: {string.Join(", ", references[(from, to)])}"))),
        ];
        Assert.True(cycles.Length == 0, $"{cycles.Length} cycles of folders in {project}:\n{string.Join("\n", cycles)}");
    }

    private static SortedDictionary<(string From, string To), SortedSet<string>> References(string project)
    {
        string folder = Path.Combine(Repository.Root, project);
        string name = Path.GetFileNameWithoutExtension(Directory.GetFiles(folder, "*.csproj").Single());
        string assembly = Path.Combine(AppContext.BaseDirectory, name == "EdgeVit.Cli" ? "edgevit.dll" : name + ".dll");
        return FolderReferences.Of(assembly, folder);
    }
}
