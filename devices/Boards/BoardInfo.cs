namespace EdgeVit.Devices;

/// <summary>The families of machines that are distinguished.</summary>
public enum BoardKind
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>Any Raspberry Pi.</summary>
    RaspberryPi,

    /// <summary>An NVIDIA Jetson.</summary>
    Jetson,

    /// <summary>A desktop, laptop or server.</summary>
    Pc,

    /// <summary>A virtual machine; its clock and temperature are its host's.</summary>
    VirtualMachine,
}

/// <summary>What this machine is.</summary>
/// <param name="Kind">Its family.</param>
/// <param name="Model">The maker's name for it, such as <c>Raspberry Pi 5 Model B Rev 1.0</c>.</param>
/// <param name="Cpu">The processor's name.</param>
/// <param name="Cores">Logical processors that are on line.</param>
/// <param name="Architecture">Architecture of the kernel, such as <c>aarch64</c>.</param>
/// <param name="Is64BitProcess">Whether this process runs as 64-bit code.</param>
/// <param name="Features">The instruction-set features that matter for the kernels, in the kernel's spelling.</param>
/// <param name="MemoryBytes">Main memory; 0 where unknown.</param>
/// <param name="OperatingSystem">The distribution.</param>
/// <param name="Kernel">The kernel's release.</param>
public sealed record BoardInfo(
    BoardKind Kind,
    string Model,
    string Cpu,
    int Cores,
    string Architecture,
    bool Is64BitProcess,
    IReadOnlyList<string> Features,
    long MemoryBytes,
    string OperatingSystem,
    string Kernel)
{
    /// <summary>Bits of the system's programs, 32 or 64, which may be fewer than the kernel's; null where unknown.</summary>
    public int? UserLandBits { get; init; }

    /// <summary>What is known of boards of this type; null where nothing is.</summary>
    public BoardProfile? Profile { get; init; }

    /// <summary>The power mode of a Jetson; null elsewhere.</summary>
    public PowerMode? PowerMode { get; init; }
}
