namespace EdgeVit.EndToEnd.Tests;

/// <summary>The folders of a project use each other one way.</summary>
public class FolderTests
{
    private static readonly string[] s_projects =
    [
        "src/Runtime", "src/Imaging", "src/Export", "src/Cli", "src/Serve", "devices", "bench",
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

    [Fact]
    public void UsesAreSeenWhereverTheyStand()
    {
        SortedDictionary<(string From, string To), SortedSet<string>> runtime = References("src/Runtime");
        // A field, a base class, a generic's argument, an attribute's or interface's owner, a call inside a lambda of the table.
        Assert.Contains("Session -> ExecutionPlan", runtime[("Session", "Plan")]);
        Assert.Contains("CompiledStep -> PlanStep", runtime[("Compiler", "Plan")]);
        Assert.Contains("KernelSets -> Lanes256", runtime[("Session", "Kernels")]);
        Assert.Contains("CompiledStepFactory -> IStepMaker", runtime[("Compiler", "Plan")]);
        Assert.Contains("KernelSets -> CompiledStepFactory", runtime[("Session", "Compiler")]);
        // An enumeration has no code and lies in the root all the same.
        Assert.Contains("Session -> KernelChoice", runtime[("Session", ".")]);
        Assert.Contains(References("src/Cli").Keys, r => r.From == FolderReferences.EntryPoint);
    }

    [Fact]
    public void CyclesAreFoundOnceEach()
    {
        (string, string)[] references = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("f", "a")];
        Assert.Equal(["a b c", "d e"], FolderReferences.Cycles(references).Select(c => string.Join(' ', c)));
        Assert.Empty(FolderReferences.Cycles([("a", "b"), ("b", "c"), ("a", "c")]));
    }

    private static SortedDictionary<(string From, string To), SortedSet<string>> References(string project)
    {
        string folder = Path.Combine(Repository.Root, project);
        string name = Path.GetFileNameWithoutExtension(Directory.GetFiles(folder, "*.csproj").Single());
        string file = name switch
        {
            "EdgeVit.Cli" => "edgevit.dll",
            "EdgeVit.Serve" => "edgevit-serve.dll",
            _ => name + ".dll",
        };
        string assembly = Path.Combine(AppContext.BaseDirectory, file);
        return FolderReferences.Of(assembly, folder);
    }
}
