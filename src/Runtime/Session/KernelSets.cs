using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Which kernel sets there are and which one a session gets.</summary>
internal static class KernelSets
{
    /// <summary>The environment variable that forces a set, by the name in its row.</summary>
    internal const string Variable = "EDGEVIT_KERNEL";

    // Best first, as measured on processors that run several, but for ArmCores; a row's kernels are made when a model is opened.
    private static readonly Row[] s_rows =
    [
        new(KernelChoice.Avx512Popcnt, "avx512-popcnt", () => CodeTarget.Avx512Popcnt.Lack(), () => Beside(CodeTarget.Avx512Popcnt)),
        new(KernelChoice.Avx512Vbmi, "avx512-vbmi", () => Lack(Avx512F.IsSupported && Avx512BW.IsSupported && Avx512Vbmi.IsSupported && Fma.IsSupported), () => !Avx512Vbmi.IsSupported ? null : new(
            "avx512-vbmi", new TableBitKernel<SixBitTables512, Vector512<byte>>(), new LaneRowKernel<Lanes512, Vector512<float>>(), new ScalarAttentionKernel(), new Avx512VbmiAttention())),
        new(KernelChoice.Avx2, "avx2", () => CodeTarget.Avx2.Lack(), () => Beside(CodeTarget.Avx2)),
        new(KernelChoice.Avx2Tables, "avx2-tables", () => Lack(Avx2.IsSupported && Fma.IsSupported), () => !Avx2.IsSupported ? null : new(
            "avx2-tables", new TableBitKernel<NibbleTables256, Vector256<byte>>(), new LaneRowKernel<Lanes256, Vector256<float>>(), new ScalarAttentionKernel(), new Avx2Attention())),
        new(KernelChoice.Neon, "neon", () => Lack(AdvSimd.Arm64.IsSupported), () => !AdvSimd.Arm64.IsSupported ? null : new("neon", new NeonBitKernel(), new LaneRowKernel<Lanes128, Vector128<float>>(), new NeonAttentionKernel())),
        new(KernelChoice.NeonTables, "neon-tables", () => Lack(AdvSimd.Arm64.IsSupported), () => !AdvSimd.Arm64.IsSupported ? null : new("neon-tables", new NeonTableBitKernel(), new LaneRowKernel<Lanes128, Vector128<float>>(), new NeonAttentionKernel(), Many: true)),
        new(KernelChoice.Vector128, "vector128", () => Lack(Vector128.IsHardwareAccelerated && (AdvSimd.Arm64.IsSupported || Ssse3.IsSupported)), () => new(
            "vector128", new Vector128BitKernel(), new LaneRowKernel<Lanes128, Vector128<float>>(), new ScalarAttentionKernel(), Many: true)),
        new(KernelChoice.Scalar, "scalar", () => null, () => new("scalar", new ScalarBitKernel(), new LaneRowKernel<Lanes1, float>(), new ScalarAttentionKernel())),
    ];

    private static readonly Row[] s_supported = Supported();
    private static readonly KernelChoice[] s_available = Choices(s_supported);

    internal static int Count => s_rows.Length;

    /// <summary>The sets that this machine runs, best first.</summary>
    internal static IReadOnlyList<KernelChoice> Available => s_available;

    internal static KernelChoice Best => s_available[0];

    internal static string Name(KernelChoice choice) => Of(choice).Name;

    internal static KernelSet Make(KernelChoice choice) => Of(choice).Make() ?? throw new KernelNotSupportedException($"kernel set '{Name(choice)}' {CodeTargets.NoInstructions}");

    /// <summary>The set for a session: the one asked for, else the one that the environment forces, else the best.</summary>
    /// <exception cref="KernelNotSupportedException">The set does not exist or this machine can't run it.</exception>
    internal static KernelChoice Resolve(KernelChoice? asked) => Resolve(asked, Environment.GetEnvironmentVariable(Variable));

    internal static KernelChoice Resolve(KernelChoice? asked, string? forced)
    {
        Row row = asked is { } choice ? Of(choice) : string.IsNullOrEmpty(forced) ? Of(Best) : Parse(forced);
        return row.Lack() is { } lack ? throw new KernelNotSupportedException($"kernel set '{row.Name}' {lack}; available: {Names()}") : row.Choice;
    }

    private static Row Parse(string name) =>
        Array.Find(s_rows, r => r.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new KernelNotSupportedException($"{Variable} is '{name}', expected one of {Names()}");

    private static Row Of(KernelChoice choice) =>
        Array.Find(s_rows, r => r.Choice == choice) ?? throw new ArgumentOutOfRangeException(nameof(choice), choice, "there is no such kernel set");

    private static string Names() => string.Join(", ", s_supported.Select(r => r.Name));

    // A loop: the framework's generic code for a value type of ours would have to be compiled when a process starts.
    private static KernelChoice[] Choices(Row[] rows)
    {
        var choices = new KernelChoice[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            choices[i] = rows[i].Choice;
        }

        return choices;
    }

    /// <summary>Machine code, and kernels for what has none. A program that was compiled ahead of time for processors without AVX2 has those of 128 bits.</summary>
    private static KernelSet Beside(CodeTarget target)
    {
        KernelSet kernels = target == CodeTarget.Avx512Popcnt && Avx512Vbmi.IsSupported ? Make(KernelChoice.Avx512Vbmi)
            : Avx2.IsSupported ? Make(KernelChoice.Avx2Tables) : Make(KernelChoice.Vector128);
        RowKernel rows = Avx2.IsSupported || OperatingSystem.IsWindows() ? kernels.Rows : new CompiledRowKernel(kernels.Rows);
        return kernels with { Rows = rows, Code = CompiledStepFactory.For(target) };
    }

    /// <summary>The rows that this machine runs; on cores that look up fast that of look-ups first.</summary>
    private static Row[] Supported()
    {
        Row[] rows = Array.FindAll(s_rows, r => r.Lack() is null);
        int tables = AdvSimd.Arm64.IsSupported && ArmCores.LookUpFast() ? Array.FindIndex(rows, r => r.Choice == KernelChoice.NeonTables) : 0;
        for (; tables > 0; tables--)
        {
            (rows[tables - 1], rows[tables]) = (rows[tables], rows[tables - 1]);
        }

        return rows;
    }

    private static string? Lack(bool supported) => supported ? null : CodeTargets.NoInstructions;

    /// <summary>A kernel set; <c>Lack</c> gives why this machine does not run it, to follow the name, and null where it does. <c>Make</c> asks once more, so
    /// that a program that was compiled ahead of time for other processors does not carry its kernels.</summary>
    private sealed record Row(KernelChoice Choice, string Name, Func<string?> Lack, Func<KernelSet?> Make);
}
