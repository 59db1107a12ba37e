using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>Something that doctor noticed, and the one command to do about it; null where nothing needs to be done.</summary>
internal sealed record Finding(string Level, string What, string? Command = null)
{
    public const string Fine = "ok";

    public const string Note = "note";

    public const string Problem = "problem";
}

/// <summary>The rules of <c>doctor</c>.</summary>
internal static class Findings
{
    private const double HotCelsius = 75;
    private const double NearLimitCelsius = 5;
    private const long LittleMemory = 400_000_000;

    // The oldest line of kernels that gets corrections.
    private static readonly Version s_oldKernel = new(5, 10);

    public static IReadOnlyList<Finding> Of(
        BoardInfo board, CpuClock clock, IReadOnlyList<TemperatureReading> temperatures, ThrottleState? throttle, IReadOnlyList<Reading>? readings = null) =>
    [
        .. Processor(board), .. Cores(board), .. Clock(clock), .. Kernel(board), .. Heat(board, temperatures, throttle), .. SensorFindings.Of(board, throttle, readings ?? []),
        .. Memory(board),
    ];

    private static IEnumerable<Finding> Processor(BoardInfo board)
    {
        bool arm64 = board.Architecture is "aarch64" or "arm64";
        if (board.UserLandBits == 32 && (arm64 || board.Architecture == "x86_64"))
        {
            yield return new Finding(
                Finding.Problem, "the kernel has 64 bits and the system's programs 32: the fast kernels need a 64-bit system",
                board.Kind == BoardKind.RaspberryPi ? "write Raspberry Pi OS (64-bit) to the card with rpi-imager" : "install a 64-bit operating system");
        }
        else if (!board.Is64BitProcess)
        {
            yield return new Finding(Finding.Problem, "this is 32-bit code: the fast kernels need a 64-bit system", "install a 64-bit operating system and the arm64 build of .NET");
        }
        else if (arm64 && !board.Features.Contains("asimd"))
        {
            yield return new Finding(Finding.Problem, "the processor reports no NEON (asimd)", "use a board with a Cortex-A processor");
        }
        else if (arm64 && !board.Features.Contains("asimddp"))
        {
            yield return new Finding(Finding.Note, "the processor has no dot-product instructions (before Cortex-A76): expect about half the speed per clock");
        }
        else if (board.Architecture == "x86_64" && !board.Features.Contains("avx2"))
        {
            yield return new Finding(Finding.Note, "the processor, or its virtual machine, has no AVX2: the 128-bit kernels are used");
        }
        else
        {
            yield return new Finding(Finding.Fine, "64-bit, with the vector instructions that the kernels want");
        }
    }

    private static IEnumerable<Finding> Cores(BoardInfo board)
    {
        string? mode = board.PowerMode is { } m ? m.Name ?? Quantity.Count(m.Id) : null;
        if (board.Profile is { } profile && board.Cores < profile.Cores)
        {
            yield return new Finding(
                Finding.Note, $"{board.Cores} of the {profile.Cores} cores of a {profile.Name} are on line{(mode is null ? "" : $" in power mode {mode}")}",
                board.PowerMode is { } bound ? Fastest(bound) : "echo 1 | sudo tee /sys/devices/system/cpu/cpu*/online");
        }
        else if (board.PowerMode is { } chosen && chosen.Id != chosen.FastestId)
        {
            yield return new Finding(Finding.Note, $"power mode {mode} bounds the clocks", Fastest(chosen));
        }
    }

    private static string Fastest(PowerMode mode) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"sudo nvpmodel -m {mode.FastestId}");

    private static IEnumerable<Finding> Kernel(BoardInfo board)
    {
        string number = new([.. board.Kernel.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')]);
        if (Version.TryParse(number.TrimEnd('.'), out Version? version) && version < s_oldKernel)
        {
            // JetPack 4 is the last that its maker has for a Jetson Nano.
            yield return new Finding(
                Finding.Note, $"Linux {number} is older than {s_oldKernel}, which is the oldest that gets corrections",
                board.Kind == BoardKind.Jetson ? null : "sudo apt update && sudo apt full-upgrade");
        }
    }

    private static IEnumerable<Finding> Clock(CpuClock clock)
    {
        if (clock.Governor is null)
        {
            yield return new Finding(Finding.Note, "the frequency governor is unknown: latencies measured here are not VALID", "measure on the board itself, not in a virtual machine or container");
        }
        else if (clock.Governor is not "performance")
        {
            yield return new Finding(Finding.Note, $"the governor is '{clock.Governor}': the clock rises only under load, which spreads latencies", "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
        }
        else
        {
            yield return new Finding(Finding.Fine, "the governor is 'performance'");
        }
    }

    private static IEnumerable<Finding> Heat(BoardInfo board, IReadOnlyList<TemperatureReading> temperatures, ThrottleState? throttle)
    {
        double hot = board.Profile?.LimitCelsius is { } limit ? limit - NearLimitCelsius : HotCelsius;
        if (SysfsThermometer.OfProcessor(temperatures) is { } celsius && celsius >= hot)
        {
            yield return new Finding(Finding.Note, $"the processor has {Quantity.Fixed(celsius, 0)} C: it will slow itself down soon", "add a heat sink or a fan");
        }

        if (throttle is not { } bits)
        {
            yield break;
        }

        if (bits.Now)
        {
            yield return new Finding(Finding.Problem, $"slowed down right now: {string.Join(", ", bits.CausesNow)}", Remedy(bits.CausesNow));
        }
        else if (bits.SinceBoot)
        {
            yield return new Finding(Finding.Note, $"was slowed down since boot: {string.Join(", ", bits.CausesSinceBoot)}", Remedy(bits.CausesSinceBoot));
        }
        else
        {
            yield return new Finding(Finding.Fine, "never slowed down since boot");
        }
    }

    private static string Remedy(IReadOnlyList<string> causes) => causes.Contains("under-voltage") ? "use the power supply that is made for this board" : "add a heat sink or a fan";

    private static IEnumerable<Finding> Memory(BoardInfo board)
    {
        if (board.MemoryBytes is > 0 and < LittleMemory)
        {
            yield return new Finding(Finding.Note, $"{Quantity.Bytes(board.MemoryBytes)} of memory is little", "close other programs before running a model");
        }
    }
}
