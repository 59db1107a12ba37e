using System.Globalization;

namespace EdgeVit.Runtime;

/// <summary>What is known of the processor's cores on ARM: .NET tells instruction sets, not how fast they are.</summary>
internal static class ArmCores
{
    private const string Description = "/proc/cpuinfo";
    private const int Arm = 0x41;

    /// <summary>Part numbers (field PartNum of MIDR_EL1) of Arm's cores for which <see cref="NeonTableBitKernel"/> takes fewer cycles than
    /// <see cref="NeonBitKernel"/>: those that look up in two registers as fast as in one, on both of their two vector pipes (Cortex-A76, A76AE, A77,
    /// A78, A78AE, A78C, A710, Neoverse N1, N2, N3), or on all four (Neoverse V2). A Cortex-X1 or Neoverse V1 counts bits on four and looks up on two, a
    /// Cortex-A72 takes twice as long for two registers, an A53 or A55 works on 64 bits at a time.</summary>
    private static readonly int[] s_fast = [0xD0B, 0xD0E, 0xD0D, 0xD41, 0xD42, 0xD4B, 0xD47, 0xD0C, 0xD49, 0xD8E, 0xD4F];

    /// <summary>True where this machine has a core that is known to look up fast: of two kinds of cores, those do most of the work.</summary>
    internal static bool LookUpFast()
    {
        try
        {
            return OperatingSystem.IsLinux() && LookUpFast(File.ReadAllText(Description));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The same by Linux' description of the cores.</summary>
    internal static bool LookUpFast(string description)
    {
        int implementer = 0;
        foreach (ReadOnlySpan<char> line in description.AsSpan().EnumerateLines())
        {
            int colon = line.IndexOf(':');
            ReadOnlySpan<char> name = colon < 0 ? default : line[..colon].Trim();
            bool isPart = name is "CPU part";
            if (!isPart && name is not "CPU implementer")
            {
                continue;
            }

            ReadOnlySpan<char> digits = line[(colon + 1)..].Trim();
            int value = digits.StartsWith("0x") && int.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number) ? number : 0;
            if (!isPart)
            {
                implementer = value;
            }
            else if (implementer == Arm && Array.IndexOf(s_fast, value) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
