namespace EdgeVit.Devices.Tests;

internal static partial class Trees
{
    private const string Ina4 = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0";
    private const string Ina5 = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1";
    private const string Rapl = "sys/class/powercap/intel-rapl:0";

    public static Dictionary<string, Func<KnownBoard>> All => new()
    {
        ["Raspberry Pi 3B+"] = RaspberryPi3BPlus,
        ["Raspberry Pi 4"] = RaspberryPi4,
        ["Raspberry Pi 5"] = RaspberryPi5,
        ["Raspberry Pi Zero 2 W"] = RaspberryPiZero2W,
        ["Jetson Nano"] = JetsonNano,
        ["Jetson Orin Nano"] = JetsonOrinNano,
        ["PC"] = Pc,
    };

    /// <summary>JetPack 4. Sources: L4T 32 developer guide ("Jetson Nano", power and thermal), drivers/staging/iio/meter/ina3221.c of NVIDIA's kernel
    /// 4.9 for the files, its device tree tegra210-porg for the rails and zones.</summary>
    public static KnownBoard JetsonNano() => new(new FakeBoard()
        .With("proc/device-tree/model", "NVIDIA Jetson Nano Developer Kit\0")
        .With("proc/cpuinfo", Arm(4, "0xd07", "fp asimd evtstrm aes pmull sha1 sha2 crc32"))
        .With("proc/sys/kernel/osrelease", "4.9.337-tegra\n")
        .With("proc/sys/kernel/arch", "aarch64\n")
        .WithShell(64)
        .WithClocks(4, 1_224_000, 1_479_000, "schedutil")
        // A power mode of two ids: nvpmodel_t210_jetson-nano.conf.
        .With("var/lib/nvpmodel/status", "pmode:0001\n")
        .With("etc/nvpmodel.conf", "# comment\n< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=1 NAME=5W >\nCPU_ONLINE CORE_2 0\n")
        .With("sys/class/thermal/thermal_zone0/type", "AO-therm\n").With("sys/class/thermal/thermal_zone0/temp", "46500\n")
        .With("sys/class/thermal/thermal_zone1/type", "CPU-therm\n").With("sys/class/thermal/thermal_zone1/temp", "39000\n")
        .With("sys/class/thermal/thermal_zone2/type", "GPU-therm\n").With("sys/class/thermal/thermal_zone2/temp", "37500\n")
        // In mW; the driver also has voltage in mV and current in mA.
        .With($"{Ina4}/rail_name_0", "POM_5V_IN\n").With($"{Ina4}/in_power0_input", "2891\n").With($"{Ina4}/in_voltage0_input", "5056\n")
        .With($"{Ina4}/rail_name_1", "POM_5V_GPU\n").With($"{Ina4}/in_power1_input", "121\n")
        .With($"{Ina4}/rail_name_2", "POM_5V_CPU\n").With($"{Ina4}/in_power2_input", "687\n"))
    {
        Expected =
        [
            new(SensorKind.Temperature, "AO-therm", 46.5, "sys/class/thermal/thermal_zone0/temp", "46\n"),
            new(SensorKind.Temperature, "CPU-therm", 39, "sys/class/thermal/thermal_zone1/temp", "-100000\n"),
            new(SensorKind.Temperature, "GPU-therm", 37.5, "sys/class/thermal/thermal_zone2/temp", "37501\n"), .. Clocks(4, 1224),
            new(SensorKind.Power, "POM_5V_IN", 2.891, $"{Ina4}/in_power0_input", "2890\n"),
            new(SensorKind.Power, "POM_5V_GPU", 0.121, $"{Ina4}/in_power1_input", "-121\n"),
            new(SensorKind.Power, "POM_5V_CPU", 0.687, $"{Ina4}/in_power2_input", "\n"),
        ],
    };

    /// <summary>JetPack 6. Sources: L4T 36.3 developer guide ("Jetson Orin Nano Series", thermal zones, INA3221 rails, over-current events),
    /// drivers/hwmon/ina3221.c (mV, mA, in7 the sum of shunts), NVIDIA's out-of-tree hwmon driver of soctherm_oc.</summary>
    public static KnownBoard JetsonOrinNano() => new(new FakeBoard()
        .With("proc/device-tree/model", "NVIDIA Jetson Orin Nano Developer Kit\0")
        .With("proc/cpuinfo", Arm(6, "0xd42", "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp uscat ilrcpc flagm paca pacg"))
        .With("proc/sys/kernel/osrelease", "5.15.136-tegra\n")
        .With("proc/sys/kernel/arch", "aarch64\n")
        .WithShell(64)
        .WithClocks(6, 1_510_400, 1_510_400, "schedutil")
        // nvpmodel_p3767_0003.conf.
        .With("var/lib/nvpmodel/status", "pmode:0000\n")
        .With("etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=1 NAME=7W >\n")
        .With("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n").With("sys/class/thermal/thermal_zone0/temp", "47312\n")
        // A zone whose part of the chip is switched off answers EAGAIN: drivers/thermal/tegra/tegra-bpmp-thermal.c.
        .With("sys/class/thermal/thermal_zone1/type", "cv0-thermal\n")
        .Fails("sys/class/thermal/thermal_zone1/temp", new IOException("Resource temporarily unavailable : '/sys/class/thermal/thermal_zone1/temp'"))
        .With("sys/class/thermal/thermal_zone2/type", "tj-thermal\n").With("sys/class/thermal/thermal_zone2/temp", "47531\n")
        .With("sys/bus/i2c/drivers/ina3221/bind", "")
        .With($"{Ina5}/name", "ina3221\n")
        .With($"{Ina5}/in1_label", "VDD_IN\n").With($"{Ina5}/in1_input", "5000\n").With($"{Ina5}/curr1_input", "904\n")
        .With($"{Ina5}/in2_label", "VDD_CPU_GPU_CV\n").With($"{Ina5}/in2_input", "4992\n").With($"{Ina5}/curr2_input", "125\n")
        .With($"{Ina5}/in3_label", "NC\n").With($"{Ina5}/in3_input", "5000\n").With($"{Ina5}/curr3_input", "999\n")
        .With($"{Ina5}/in7_label", "sum of shunt voltages\n").With($"{Ina5}/in7_input", "7000\n")
        .With("sys/class/hwmon/hwmon3/name", "soctherm_oc\n")
        .With("sys/class/hwmon/hwmon3/oc1_event_cnt", "0\n").With("sys/class/hwmon/hwmon3/oc1_throt_en", "1\n")
        .With("sys/class/hwmon/hwmon3/oc3_event_cnt", "27\n").With("sys/class/hwmon/hwmon3/oc3_throt_en", "1\n"))
    {
        Expected =
        [
            new(SensorKind.Temperature, "cpu-thermal", 47.312, "sys/class/thermal/thermal_zone0/temp", "4731200\n"),
            new(SensorKind.Temperature, "tj-thermal", 47.531, "sys/class/thermal/thermal_zone2/temp", "47530\n"), .. Clocks(6, 1510.4),
            new(SensorKind.Power, "VDD_IN", 4.52, $"{Ina5}/curr1_input", "905\n"),
            new(SensorKind.Power, "VDD_CPU_GPU_CV", 0.624, $"{Ina5}/in2_input", "5000\n"),
            new(SensorKind.OverCurrent, "oc1 under-voltage", 0, "sys/class/hwmon/hwmon3/oc1_event_cnt", "1\n"),
            new(SensorKind.OverCurrent, "oc3 peak current", 27, "sys/class/hwmon/hwmon3/oc3_event_cnt", "-1\n"),
        ],
    };

    /// <summary>Sources: drivers/hwmon/k10temp.c (Tctl), Documentation/power/powercap/powercap.rst (microjoules, range), drivers/hwmon/ina2xx.c with
    /// Documentation/hwmon/sysfs-interface.rst (microwatts), Documentation/admin-guide/pm/cpufreq.rst.</summary>
    public static KnownBoard Pc() => new(new FakeBoard()
        .With("proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD Ryzen 7 7840U\ncpu MHz\t\t: 3300.000\nflags\t\t: fpu popcnt ssse3 fma avx2 avx512f avx512bw avx512vbmi\n\n")
        .With("sys/class/dmi/id/product_name", "Laptop 13\n").With("sys/class/dmi/id/sys_vendor", "Maker\n")
        .With("proc/sys/kernel/osrelease", "6.12.1\n").With("proc/sys/kernel/arch", "x86_64\n")
        .WithShell(64)
        .WithClocks(1, 3_300_000, 5_132_000, "powersave")
        .With("sys/class/hwmon/hwmon0/name", "k10temp\n")
        .With("sys/class/hwmon/hwmon0/temp1_label", "Tctl\n").With("sys/class/hwmon/hwmon0/temp1_input", "44875\n")
        .With("sys/class/hwmon/hwmon1/name", "ina226\n").With("sys/class/hwmon/hwmon1/power1_input", "11725000\n")
        .With($"{Rapl}/name", "package-0\n").With($"{Rapl}/energy_uj", "65532000000\n").With($"{Rapl}/max_energy_range_uj", "65532610987\n")
        // A part of the package, which must not count again.
        .With("sys/class/powercap/intel-rapl:0:0/name", "core\n").With("sys/class/powercap/intel-rapl:0:0/energy_uj", "5\n"))
    {
        // Beyond its range the counter begins again: 610,987 + 11,889,013 in a second are 12.5 W.
        Second = board => board.With($"{Rapl}/energy_uj", "11889013\n"),
        Expected =
        [
            new(SensorKind.Temperature, "k10temp Tctl", 44.875, "sys/class/hwmon/hwmon0/temp1_input", "448750\n"), .. Clocks(1, 3300),
            new(SensorKind.Power, "ina226", 11.725, "sys/class/hwmon/hwmon1/power1_input", "11725\n"),
            new(SensorKind.Power, "rapl package-0", 12.5, $"{Rapl}/energy_uj", "65531000000\n"),
        ],
    };
}
