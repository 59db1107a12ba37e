using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>The kernel sets. All give the same bits; they differ in speed only.</summary>
public enum KernelChoice
{
    /// <summary>Plain loops; runs everywhere.</summary>
    Scalar,

    /// <summary>128-bit vectors: NEON on ARM, SSE on x64.</summary>
    Vector128,

    /// <summary>AVX2 with FMA, where the process may not make machine code.</summary>
    Avx2Tables,

    /// <summary>AVX2 with FMA, by machine code made for the model.</summary>
    Avx2,

    /// <summary>AVX-512 (F, BW).</summary>
    Avx512,

    /// <summary>AVX-512 with byte permutes (VBMI).</summary>
    Avx512Vbmi,

    /// <summary>AVX-512 with VPOPCNTDQ, by machine code made for the model.</summary>
    Avx512Popcnt,

    /// <summary>NEON (AdvSimd): CNT, pairwise widening additions.</summary>
    Neon,

    /// <summary>NEON with dot products (UDOT).</summary>
    NeonDot,
}

/// <summary>A kernel set was asked for that this machine can't run, or that does not exist.</summary>
public sealed class KernelNotSupportedException : NotSupportedException
{
    /// <summary>An error without a message.</summary>
    public KernelNotSupportedException()
    {
    }

    /// <summary>An error with its message.</summary>
    public KernelNotSupportedException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its message and the error that it comes from.</summary>
    public KernelNotSupportedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Which kernel sets there are and which one a session gets.</summary>
public static class KernelSets
{
    /// <summary>The environment variable that forces a set: <c>scalar</c>, <c>vector128</c>, <c>avx2-tables</c>, <c>avx2</c>, <c>avx512</c>, <c>avx512-vbmi</c>,
    /// <c>avx512-popcnt</c>, <c>neon</c> or <c>neon-dot</c>.</summary>
    public const string Variable = "EDGEVIT_KERNEL";

    private const string Forbidden = "makes machine code when a model is opened, and this system forbids processes to run code that they made";

    private static readonly KernelChoice[] s_available = FindAvailable();

    /// <summary>How many sets there are, of any machine.</summary>
    internal static int Count => (int)KernelChoice.NeonDot + 1;

    /// <summary>The sets that this machine runs, best first.</summary>
    public static IReadOnlyList<KernelChoice> Available => s_available;

    /// <summary>The first of <see cref="Available"/>.</summary>
    public static KernelChoice Best => s_available[0];

    /// <summary>The name as in <see cref="Variable"/>.</summary>
    public static string Name(KernelChoice choice) => choice switch
    {
        KernelChoice.Avx512Popcnt => "avx512-popcnt",
        KernelChoice.Avx512Vbmi => "avx512-vbmi",
        KernelChoice.Avx512 => "avx512",
        KernelChoice.Avx2 => "avx2",
        KernelChoice.Avx2Tables => "avx2-tables",
        KernelChoice.Neon => "neon",
        KernelChoice.NeonDot => "neon-dot",
        KernelChoice.Vector128 => "vector128",
        _ => "scalar",
    };

    /// <summary>The set for a session: the one asked for, else the one that the environment forces, else the best.</summary>
    /// <exception cref="KernelNotSupportedException">The set does not exist or this machine can't run it.</exception>
    public static KernelChoice Resolve(KernelChoice? asked) => Resolve(asked, Environment.GetEnvironmentVariable(Variable));

    internal static KernelChoice Resolve(KernelChoice? asked, string? forced)
    {
        KernelChoice choice = asked ?? (string.IsNullOrEmpty(forced) ? Best : Parse(forced));
        return IsSupported(choice) ? choice : throw new KernelNotSupportedException($"kernel set '{Name(choice)}' {Lack(choice)}; available: {Names()}");
    }

    private static string Lack(KernelChoice choice) => choice switch
    {
        KernelChoice.Avx2 when CodeTarget.Avx2.HasInstructions() => Forbidden,
        KernelChoice.Avx512Popcnt when CodeTarget.Avx512Popcnt.HasInstructions() => Forbidden,
        _ => "needs an instruction set that this machine lacks",
    };

    private static KernelChoice[] FindAvailable()
    {
        KernelChoice[] all =
        [
            KernelChoice.Avx512Popcnt, KernelChoice.Avx512Vbmi, KernelChoice.Avx512, KernelChoice.Avx2, KernelChoice.Avx2Tables, KernelChoice.Neon, KernelChoice.NeonDot,
            KernelChoice.Vector128, KernelChoice.Scalar,
        ];
        int count = 0;
        foreach (KernelChoice choice in all)
        {
            if (IsSupported(choice))
            {
                all[count++] = choice;
            }
        }

        return all[..count];
    }

    private static KernelChoice Parse(string name)
    {
        foreach (KernelChoice choice in Enum.GetValues<KernelChoice>())
        {
            if (Name(choice).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return choice;
            }
        }

        throw new KernelNotSupportedException($"{Variable} is '{name}', expected one of {Names()}");
    }

    private static string Names() => string.Join(", ", Available.Select(Name));

    /// <summary>True where this machine runs the set.</summary>
    internal static bool IsSupported(KernelChoice choice) => choice switch
    {
        KernelChoice.Avx512Popcnt => CodeTarget.Avx512Popcnt.IsSupported(),
        KernelChoice.Avx512Vbmi => IsSupported(KernelChoice.Avx512) && Avx512Vbmi.IsSupported,
        KernelChoice.Avx512 => Avx512F.IsSupported && Avx512BW.IsSupported && Fma.IsSupported,
        KernelChoice.Avx2 => CodeTarget.Avx2.IsSupported(),
        KernelChoice.Avx2Tables => Avx2.IsSupported && Fma.IsSupported,
        KernelChoice.Neon => AdvSimd.Arm64.IsSupported,
        KernelChoice.NeonDot => AdvSimd.Arm64.IsSupported && Dp.IsSupported,
        KernelChoice.Vector128 => Vector128.IsHardwareAccelerated && (AdvSimd.Arm64.IsSupported || (Ssse3.IsSupported && Fma.IsSupported)),
        _ => true,
    };
}
