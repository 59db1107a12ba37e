namespace EdgeVit.Devices.Tests;

/// <summary>Raspberry Pis. Sources of all: model strings, /proc/cpuinfo and config.txt's clocks from the maker's documentation (hardware, config_txt),
/// feature words from arch/arm64/kernel/cpuinfo.c, parts from arch/arm64/include/asm/cputype.h, "cpu-thermal" from arch/arm/boot/dts/broadcom/
/// bcm283x.dtsi, bcm2711.dtsi and bcm2712.dtsi, millidegrees from Documentation/driver-api/thermal/sysfs-api.rst, kHz from
/// Documentation/admin-guide/pm/cpufreq.rst, rpi_volt and in0_lcrit_alarm from drivers/hwmon/raspberrypi-hwmon.c, throttle bits from the maker's
/// page on vcgencmd.</summary>
internal static partial class Trees
{
    private const string Zone = "sys/class/thermal/thermal_zone0/temp";
    private const string Volt = "sys/class/hwmon/hwmon0/in0_lcrit_alarm";

    public static KnownBoard RaspberryPi3BPlus() => new(Pi("Raspberry Pi 3 Model B Plus Rev 1.3", Arm(4, "0xd03", "fp asimd evtstrm crc32 cpuid"), 64)
        // 1 GB less the GPU's 76 MB, documentation of config.txt, gpu_mem.
        .With("proc/meminfo", "MemTotal:         945364 kB\n")
        .With("proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-v8\n")
        // 62 C: beyond the soft limit of 60 C, where 1.4 GHz becomes 1.2 (documentation, frequency management).
        .With(Zone, "62300\n")
        .WithClocks(4, 1_400_000, 1_400_000))
    {
        // Bit 3, soft temperature limit, now and since boot.
        Mailbox = new FakeMailbox { Throttled = 0x80008, ArmHertz = 1_200_002_000 },
        Expected =
        [
            new(SensorKind.Temperature, "cpu-thermal", 62.3, Zone, "26300\n"), .. Clocks(4, 1400),
            new(SensorKind.Clock, "arm, measured", 1200.002, Expected.ArmHertz, "1400000000"),
            new(SensorKind.Throttle, "firmware", 0x80008, Expected.Throttled, "0x80000"),
            new(SensorKind.UnderVoltage, "rpi_volt", 0, Volt, "1\n"),
        ],
    };

    public static KnownBoard RaspberryPi4() => new(Pi("Raspberry Pi 4 Model B Rev 1.4", Arm(4, "0xd08", "fp asimd evtstrm crc32 cpuid"), 64)
        .With("proc/meminfo", "MemTotal:        3884360 kB\n")
        .With("proc/sys/kernel/osrelease", "6.6.51+rpt-rpi-v8\n")
        .With(Zone, "48686\n")
        .With(Volt, "1\n")
        // arm_boost=1, documentation of config.txt.
        .WithClocks(4, 1_800_000, 1_800_000))
    {
        // Bit 0, under-voltage, now and since boot.
        Mailbox = new FakeMailbox { Throttled = 0x10001, ArmHertz = 1_800_404_000 },
        Expected =
        [
            new(SensorKind.Temperature, "cpu-thermal", 48.686, Zone, "48687\n"), .. Clocks(4, 1800),
            new(SensorKind.Clock, "arm, measured", 1800.404, Expected.ArmHertz, "600117000"),
            new(SensorKind.Throttle, "firmware", 0x10001, Expected.Throttled, "0x0"),
            new(SensorKind.UnderVoltage, "rpi_volt", 1, Volt, "0\n"),
        ],
    };

    public static KnownBoard RaspberryPi5() => new(Pi("Raspberry Pi 5 Model B Rev 1.0", Arm(4, "0xd0b", "fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"), 64)
        .With("proc/meminfo", "MemTotal:        8256048 kB\nMemFree:         7000000 kB\n")
        .With("proc/sys/kernel/osrelease", "6.6.31+rpt-rpi-2712\n")
        .With(Zone, "51250\n")
        // drivers/hwmon/rp1-adc.c of the maker's kernel.
        .With("sys/class/hwmon/hwmon1/name", "rp1_adc\n")
        .With("sys/class/hwmon/hwmon1/temp1_input", "48112\n")
        // drivers/hwmon/pwm-fan.c: no temperature.
        .With("sys/class/hwmon/hwmon2/name", "pwmfan\n")
        .With("sys/class/hwmon/hwmon2/fan1_input", "2140\n")
        .WithClocks(4, 1_500_000, 2_400_000)
        .With("sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "2400000\n"))
    {
        // Bits 0 and 2, under-voltage and throttled, now and since boot.
        Mailbox = new FakeMailbox { Throttled = 0x50005, ArmHertz = 1_500_019_456, Pmic = Pmic },
        Expected =
        [
            new(SensorKind.Temperature, "cpu-thermal", 51.25, Zone, "51.25\n"),
            new(SensorKind.Temperature, "rp1_adc", 48.112, "sys/class/hwmon/hwmon1/temp1_input", "300000\n"),
            .. Clocks(3, 1500), new(SensorKind.Clock, "cpu3", 2400, "sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "0\n"),
            new(SensorKind.Clock, "arm, measured", 1500.019456, Expected.ArmHertz, "0"),
            new(SensorKind.Throttle, "firmware", 0x50005, Expected.Throttled, "0x50000"),
            new(SensorKind.UnderVoltage, "rpi_volt", 0, Volt, "7\n"),
            // 0.5 x 3.6 + 0.25 x 3.3 + 2 x 0.75 = 4.125 W of three supplies; 1.1451 x 4.125 + 0.5879 of the board.
            new(SensorKind.Power, "pmic, estimate of the board", 5.3114375, Expected.Pmic, "VDD_CORE_V volt(15)=7.5"),
        ],
    };

    public static KnownBoard RaspberryPiZero2W() => new(Pi("Raspberry Pi Zero 2 W Rev 1.0", Arm(4, "0xd03", "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32"), 32)
        // 512 MB less the GPU's, documentation of config.txt.
        .With("proc/meminfo", "MemTotal:         437716 kB\n")
        // Raspberry Pi OS with 32 bits starts the 64-bit kernel since 2023 (documentation of config.txt, arm_64bit).
        .With("proc/sys/kernel/osrelease", "6.1.21-v8+\n")
        .With(Zone, "45084\n")
        .WithClocks(4, 600_000, 1_000_000))
    {
        Mailbox = new FakeMailbox { Throttled = 0, ArmHertz = 600_000_000 },
        Expected =
        [
            new(SensorKind.Temperature, "cpu-thermal", 45.084, Zone, "\n"), .. Clocks(4, 600),
            new(SensorKind.Clock, "arm, measured", 600, Expected.ArmHertz, "1000000000"),
            new(SensorKind.Throttle, "firmware", 0, Expected.Throttled, "0x2"),
            new(SensorKind.UnderVoltage, "rpi_volt", 0, Volt, "yes\n"),
        ],
    };

    // Names and numbers of the channels: the maker's page on the power chip of the Pi 5; values are round ones. HDMI has no voltage beside it, the
    // socket and the clock's battery no current.
    private const string Pmic = """
             3V7_WL_SW_A current(0)=0.50000000A
               3V3_SYS_A current(1)=0.25000000A
              VDD_CORE_A current(7)=2.00000000A
             3V7_WL_SW_V volt(8)=3.60000000V
               3V3_SYS_V volt(9)=3.30000000V
              VDD_CORE_V volt(15)=0.75000000V
                  HDMI_A current(22)=0.01200000A
                 EXT5V_V volt(24)=5.10480000V
                  BATT_V volt(25)=0.00000000V

        """;

    private static FakeBoard Pi(string model, string cpuinfo, int userLand) => new FakeBoard()
        .With("proc/device-tree/model", model + "\0")
        .With("proc/cpuinfo", cpuinfo)
        .With("proc/sys/kernel/arch", "aarch64\n")
        .With("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n")
        // The group of /dev/vcio on Raspberry Pi OS: 99-com.rules of raspberrypi-sys-mods.
        .With("etc/group", "root:x:0:\nvideo:x:44:pi\ni2c:x:994:pi\n")
        .With("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
        .With("sys/class/hwmon/hwmon0/name", "rpi_volt\n")
        .With(Volt, "0\n")
        .WithShell(userLand);

    private static string Arm(int cores, string part, string features) => string.Concat(Enumerable.Range(0, cores).Select(i =>
        $"processor\t: {i}\nBogoMIPS\t: 108.00\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part}\nCPU revision\t: 4\n\n"));

    private static FakeBoard WithClocks(this FakeBoard board, int cores, int kilohertz, int most, string governor = "ondemand")
    {
        for (int i = 0; i < cores; i++)
        {
            board.With($"sys/devices/system/cpu/cpu{i}/cpufreq/scaling_cur_freq", $"{kilohertz}\n")
                .With($"sys/devices/system/cpu/cpu{i}/cpufreq/cpuinfo_max_freq", $"{most}\n")
                .With($"sys/devices/system/cpu/cpu{i}/cpufreq/scaling_governor", governor + "\n");
        }
        return board;
    }

    private static IEnumerable<Expected> Clocks(int cores, double megahertz) => Enumerable.Range(0, cores)
        .Select(i => new Expected(SensorKind.Clock, $"cpu{i}", megahertz, $"sys/devices/system/cpu/cpu{i}/cpufreq/scaling_cur_freq", "408000\n"));
}
