namespace EdgeVit.Runtime.Tests.Neon;

/// <summary>Which ARM cores get look-ups in two registers, by Linux' descriptions of them.</summary>
public class ArmCoresTests
{
    [Theory]
    [InlineData(true, "0x41", "0xd0b", "0xd0b")]
    [InlineData(true, "0x41", "0xd05", "0xd0b")]
    [InlineData(true, "0x41", "0xd42")]
    [InlineData(true, "0x41", "0xd0c")]
    [InlineData(false, "0x41", "0xd08", "0xd08")]
    [InlineData(false, "0x41", "0xd40")]
    [InlineData(false, "0x41", "0xd03", "0xd09")]
    [InlineData(false, "0x41", "0xd05")]
    [InlineData(false, "0x61", "0xd0b")]
    [InlineData(false, "0x41", "d0b", "", "0x", "0xd0b0000000", "-1")]
    public void CoresAreKnownByTheirParts(bool expected, string implementer, params string[] parts) =>
        Assert.Equal(expected, ArmCores.LookUpFast(string.Concat(parts.Select((part, i) =>
            $"processor\t: {i}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid asimddp\nCPU implementer\t: {implementer}\nCPU architecture: 8\nCPU variant\t: 0x4\nCPU part\t: {part}\nCPU revision\t: 1\n\n"))));

    [Theory]
    [InlineData("")]
    [InlineData("CPU part\t: 0xd0b\n")]
    [InlineData("processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: 0x41 0xd0b\n")]
    [InlineData("CPU implementer\nCPU part\nCPU implementer : 0x41\nCPU parts : 0xd0b\n")]
    public void OtherDescriptionsNameNone(string description) => Assert.False(ArmCores.LookUpFast(description));
}
