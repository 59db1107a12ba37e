using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>The same logits at every level of instruction sets, for every kernel set that is left and 1 to 4 threads. The levels are those
/// that .NET 10 has: it switches AVX2 off together with FMA and BMI, and VBMI as part of <c>AVX512v2</c>; the finer names of earlier
/// versions, such as <c>EnableAVX512VBMI</c>, do nothing any more, which is why every test asks the process what is left.</summary>
public sealed class InstructionSetTests(WrittenNetworks networks) : IClassFixture<WrittenNetworks>
{
    private const string OnEachCore = "it takes an emulator minutes; tests/arm64.sh checks the same networks on cores with and without dot products";

    public static TheoryData<string, string[]> Levels => RuntimeInformation.ProcessArchitecture == Architecture.X64
        ? new()
        {
            { "EnableGFNI", ["Gfni"] },
            { "EnableAVX512v2", ["Avx512Vbmi"] },
            { "EnableAVX512", ["Avx512F", "Avx512BW", "Avx512Vbmi"] },
            { "EnableAVX2", ["Avx2", "Fma", "Avx512F"] },
            { "EnableAVX", ["Avx", "Avx2", "Fma", "Avx512F"] },
            { "EnableSSE42", ["Ssse3", "Sse42", "Popcnt", "Avx", "Avx2", "Fma", "Avx512F"] },
            { "EnableHWIntrinsic", ["Ssse3", "Popcnt", "Avx2", "Avx512F"] },
        }
        : new()
        {
            { "EnableArm64Dp", ["Dp"] },
            { "EnableHWIntrinsic", ["AdvSimd", "Dp"] },
        };

    public static TheoryData<string> Kernels => [.. KernelSets.Available.Select(KernelSets.Name)];

    [Theory]
    [MemberData(nameof(Levels))]
    public void LogitsKeepTheirBitsWithout(string setting, string[] off)
    {
        Assert.SkipWhen(CheckProcess.IsEmulated, OnEachCore);
        (string, string) without = ("DOTNET_" + setting, "0");
        var process = System.Text.Json.Nodes.JsonNode.Parse(CheckProcess.Run(["instructions"], without).Expect(0).Output)!;
        JsonObject instructions = process["instructions"]!.AsObject();
        Assert.All(off, name => Assert.False((bool)instructions[name]!, $"{setting} = 0 left {name} on"));

        // What is switched off takes its kernel sets along and no others, and a forced one is refused.
        string[] left = [.. process["kernels"]!.AsArray().Select(k => (string)k!)];
        string[] all = [.. KernelSets.Available.Select(KernelSets.Name)];
        Assert.Equal(all.Where(k => left.Contains(k)), left);
        Assert.All(Requirements().Where(r => off.Contains(r.Instruction)), r => Assert.DoesNotContain(left, k => k.StartsWith(r.Kernels, StringComparison.Ordinal)));
        Assert.Equal("scalar", left[^1]);
        foreach (string gone in all.Except(left))
        {
            Outcome refused = CheckProcess.Run(["check", networks.Folder], without, (KernelSets.Variable, gone)).Expect(CheckProgram.NotSupported);
            Assert.Contains($"available: {string.Join(", ", left)}", refused.Error, StringComparison.Ordinal);
        }

        Outcome outcome = CheckProcess.Run(["check", networks.Folder, "--threads", "1,2,3,4"], without).Expect(0);
        Assert.All(left, kernel => Assert.Contains($"{kernel}: {networks.Count} networks, 1, 2, 3, 4 threads", outcome.Output, StringComparison.Ordinal));
    }

    /// <summary>Without tiers: the thread that compiles again what runs often is a managed one and counts.</summary>
    [Fact]
    public void RunsAllocateNothingOnAnyThread()
    {
        Assert.SkipWhen(CheckProcess.IsEmulated, OnEachCore);
        Outcome outcome = CheckProcess.Run(["allocations", Path.Combine(networks.Folder, "network-1.evit"), "1000"], ("DOTNET_TieredCompilation", "0"));
        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Error);
        Assert.Contains("4 threads: 0 bytes in 1000 runs", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void LogitsKeepTheirBitsWith(string kernel)
    {
        Assert.SkipWhen(CheckProcess.IsEmulated, OnEachCore);
        Outcome outcome = CheckProcess.Run(["check", networks.Folder, "--threads", "1,2,3,4"], (KernelSets.Variable, kernel)).Expect(0);
        Assert.StartsWith($"{kernel}: {networks.Count} networks, 1, 2, 3, 4 threads\nall logits", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherLogitsAreNoticed()
    {
        (ModelGraph graph, GraphBuilder builder) = BinaryViTGraphs.Build(1, 16, 4, [new(1, 24, 96, 1, 2)], 7);
        float[] logits = Models.Logits(graph, builder.Tensors, SelfTest.Input(1, graph.InputShape));
        logits[^1] = MathF.BitIncrement(logits[^1]);
        string path = Path.Combine(networks.Folder, "other", "other.evit");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, EvitBytes.Model(graph, builder.Tensors, new SelfTest(1, logits)));
        Assert.Contains("WRONG other.evit, scalar, 2 threads", CheckProcess.Run(["check", path, "--threads", "2"]).Expect(1).Output, StringComparison.Ordinal);
    }

    /// <summary>Kernel sets, by how their names begin, that can't run without an instruction set.</summary>
    private static IEnumerable<(string Instruction, string Kernels)> Requirements() =>
    [
        ("Ssse3", "vector128"), ("Avx2", "avx2"), ("Fma", "avx2"), ("Avx512F", "avx512"), ("Avx512BW", "avx512"),
        ("Avx512Vbmi", "avx512-vbmi"), ("AdvSimd", "neon"),
    ];
}
