using System.Text.RegularExpressions;

namespace EdgeVit.Devices.Tests;

/// <summary>Where the form and the values of the files of a tree are from: a file of the Linux kernel, or a page of the maker.</summary>
/// <param name="Boards">A pattern of the names of the boards.</param>
/// <param name="Path">A pattern of the whole path under the root.</param>
/// <param name="Citation">Files of mainline Linux stand without a repository; "raspberrypi/linux" and "NVIDIA" are the makers' kernels.</param>
internal sealed record Source(string Boards, string Path, string Citation)
{
    private const string Pi = "^Raspberry";
    private const string Arm = "^(Raspberry|Jetson)";
    private const string Nano = "^Jetson Nano$";
    private const string Orin = "^Jetson Orin";

    public static IReadOnlyList<Source> All { get; } =
    [
        new("^Raspberry Pi (3|Zero)", "proc/device-tree/model", "arch/arm64/boot/dts/broadcom/bcm2837-rpi-{3-b-plus,zero-2-w}.dts; the firmware adds the revision: documentation, 'Raspberry Pi revision codes'"),
        new("^Raspberry Pi 4", "proc/device-tree/model", "arch/arm64/boot/dts/broadcom/bcm2711-rpi-4-b.dts; revision as above"),
        new("^Raspberry Pi 5", "proc/device-tree/model", "arch/arm64/boot/dts/broadcom/bcm2712-rpi-5-b.dts; revision as above"),
        new(Nano, "proc/device-tree/model", "NVIDIA L4T 32, tegra210-p3448-0000-p3449-0000-b00.dts: model"),
        new(Orin, "proc/device-tree/model", "arch/arm64/boot/dts/nvidia/tegra234-p3768-0000+p3767-0005.dts: model"),
        new(Arm, "proc/cpuinfo", "arch/arm64/kernel/cpuinfo.c: c_show, hwcap_str, compat_hwcap_str; parts of arch/arm64/include/asm/cputype.h"),
        new("^PC$", "proc/cpuinfo", "arch/x86/kernel/cpu/proc.c: show_cpuinfo; words of arch/x86/include/asm/cpufeatures.h"),
        new(Pi, "proc/meminfo", "fs/proc/meminfo.c; memory less the GPU's: documentation of config.txt, gpu_mem"),
        new(".", "proc/sys/kernel/(osrelease|arch)", "kernel/utsname_sysctl.c: uts_kern_table"),
        new(Pi, "etc/os-release", "os-release(5); Debian 12"),
        new(Pi, "etc/group", "group(5); raspberrypi-sys-mods, 99-com.rules: video for vcio, i2c"),
        new(".", "bin/sh", "include/uapi/linux/elf.h: EI_CLASS"),
        new(Pi, "sys/class/thermal/thermal_zone0/type", "cpu-thermal: arch/arm/boot/dts/broadcom/{bcm283x,bcm2711}.dtsi, arch/arm64/boot/dts/broadcom/bcm2712.dtsi"),
        new("^Raspberry Pi [34Z]", "sys/class/thermal/thermal_zone0/temp", "drivers/thermal/thermal_sysfs.c: temp_show, millidegrees; steps of drivers/thermal/broadcom/bcm2{711,835}_thermal.c"),
        new("^Raspberry Pi 5", "sys/class/thermal/thermal_zone0/temp", "drivers/thermal/thermal_sysfs.c: temp_show; drivers/thermal/broadcom/brcmstb_thermal.c"),
        new(Nano, @"sys/class/thermal/thermal_zone\d/(type|temp)", "drivers/thermal/thermal_sysfs.c; zones of NVIDIA L4T 32's developer guide, 'Thermal management, Jetson Nano'"),
        new(Orin, @"sys/class/thermal/thermal_zone\d/(type|temp)", "drivers/thermal/tegra/tegra-bpmp-thermal.c, EAGAIN of a part that is off; zones of the L4T 36.3 developer guide, 'Jetson Orin Nano, thermal zones'"),
        new(Pi, "sys/class/hwmon/hwmon0/(name|in0_lcrit_alarm)", "drivers/hwmon/raspberrypi-hwmon.c: rpi_volt, in0_lcrit_alarm"),
        new("^Raspberry Pi 5", "sys/class/hwmon/hwmon1/(name|temp1_input)", "raspberrypi/linux, drivers/hwmon/rp1-adc.c"),
        new("^Raspberry Pi 5", "sys/class/hwmon/hwmon2/(name|fan1_input)", "drivers/hwmon/pwm-fan.c"),
        new(Pi, @"sys/devices/system/cpu/cpu\d/cpufreq/(scaling_cur_freq|cpuinfo_max_freq)", "drivers/cpufreq/cpufreq.c, kHz; clocks: documentation of config.txt, arm_freq and arm_boost; 1.2 GHz beyond 60 C: 'Frequency management'"),
        new("^Jetson", @"sys/devices/system/cpu/cpu\d/cpufreq/(scaling_cur_freq|cpuinfo_max_freq)", "drivers/cpufreq/cpufreq.c, kHz; clocks of the modules' data sheets"),
        new("^PC$", @"sys/devices/system/cpu/cpu\d/cpufreq/(scaling_cur_freq|cpuinfo_max_freq)", "drivers/cpufreq/amd-pstate.c; the maker's page of the processor"),
        new(".", @"sys/devices/system/cpu/cpu\d/cpufreq/scaling_governor", "Documentation/admin-guide/pm/cpufreq.rst, generic governors"),
        new(Nano, "(var/lib/nvpmodel/status|etc/nvpmodel.conf)", "NVIDIA L4T 32 developer guide, 'nvpmodel'; nvpmodel_t210_jetson-nano.conf"),
        new(Orin, "(var/lib/nvpmodel/status|etc/nvpmodel.conf)", "NVIDIA L4T 36.3 developer guide, 'nvpmodel'; nvpmodel_p3767_0003.conf"),
        new(Nano, @"sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/.+", "NVIDIA kernel 4.9, drivers/staging/iio/meter/ina3221.c; rails of tegra210-porg-p3448-common.dtsi"),
        new(Orin, @"sys/bus/i2c/drivers/ina3221/(bind|1-0040/hwmon/hwmon1/.+)", "drivers/hwmon/ina3221.c: mV, mA, in7 the sum of shunts; rails of the L4T 36.3 developer guide, 'INA3221'"),
        new(Orin, @"sys/class/hwmon/hwmon3/(name|oc\d_(event_cnt|throt_en))", "NVIDIA kernel, drivers/hwmon of soctherm_oc; L4T 36.3 developer guide, 'over-current events'"),
        new("^PC$", "sys/class/dmi/id/(product_name|sys_vendor)", "drivers/firmware/dmi-id.c"),
        new("^PC$", "sys/class/hwmon/hwmon0/(name|temp1_label|temp1_input)", "drivers/hwmon/k10temp.c: Tctl"),
        new("^PC$", "sys/class/hwmon/hwmon1/(name|power1_input)", "drivers/hwmon/ina2xx.c; Documentation/hwmon/sysfs-interface.rst, microwatts"),
        new("^PC$", "sys/class/powercap/intel-rapl:.+", "Documentation/power/powercap/powercap.rst; drivers/powercap/intel_rapl_common.c"),
        new(Pi, Regex.Escape(Expected.Throttled), "documentation, 'vcgencmd get_throttled'; include/soc/bcm2835/raspberrypi-firmware.h, tag 0x00030046"),
        new(Pi, Regex.Escape(Expected.ArmHertz), "include/soc/bcm2835/raspberrypi-firmware.h: RPI_FIRMWARE_GET_CLOCK_MEASURED, clock 3"),
        new("^Raspberry Pi 5", Regex.Escape(Expected.Pmic), "documentation, 'Raspberry Pi 5 power, vcgencmd pmic_read_adc'"),
    ];

    public bool Fits(string board, string path) => Regex.IsMatch(board, Boards) && Regex.IsMatch(path, $"^{Path}$");
}
