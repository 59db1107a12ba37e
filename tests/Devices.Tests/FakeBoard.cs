namespace EdgeVit.Devices.Tests;

/// <summary>A folder that looks like the root of a board, deleted at the end.</summary>
internal sealed class FakeBoard : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("edgevit-board-").FullName;

    public SystemFiles Files => new(Root);

    public FakeBoard With(string path, string content)
    {
        string full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return this;
    }

    public static FakeBoard RaspberryPi5() => new FakeBoard()
        .With("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
        .With("proc/cpuinfo", string.Concat(Enumerable.Range(0, 4).Select(i =>
            $"processor\t: {i}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp\n"
            + "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x4\nCPU part\t: 0xd0b\nCPU revision\t: 1\n\n")))
        .With("proc/meminfo", "MemTotal:        8256048 kB\nMemFree:         7000000 kB\n")
        .With("proc/sys/kernel/arch", "aarch64\n")
        .With("proc/sys/kernel/osrelease", "6.6.31+rpt-rpi-2712\n")
        .With("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n")
        .With("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
        .With("sys/class/thermal/thermal_zone0/temp", "51250\n")
        .With("sys/class/hwmon/hwmon0/name", "rp1_adc\n")
        .With("sys/class/hwmon/hwmon0/temp1_input", "48112\n")
        .With("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n")
        .With("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1500000\n")
        .With("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "2400000\n")
        .With("sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "2400000\n")
        .With("sys/devices/platform/soc/soc:firmware/get_throttled", "0x50005\n");

    public static FakeBoard VirtualMachine() => new FakeBoard()
        .With("proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 9655 96-Core Processor\ncpu MHz\t\t: 2600.000\nflags\t\t: fpu avx2 fma avx512f avx512bw avx512_vbmi popcnt hypervisor\n\n"
            + "processor\t: 1\nmodel name\t: AMD EPYC 9655 96-Core Processor\ncpu MHz\t\t: 2700.500\nflags\t\t: fpu avx2 fma hypervisor\n")
        .With("sys/class/dmi/id/product_name", "Standard PC\n")
        .With("sys/class/dmi/id/sys_vendor", "QEMU\n");

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
