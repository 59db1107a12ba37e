namespace EdgeVit.Devices.Tests;

public sealed class BoardDetectorTests
{
    [Fact]
    public void ARaspberryPiIsKnownByItsDeviceTree()
    {
        using FakeBoard board = FakeBoard.RaspberryPi5();
        BoardInfo info = BoardDetector.Detect(board.Files);

        Assert.Equal(BoardKind.RaspberryPi, info.Kind);
        Assert.Equal("Raspberry Pi 5 Model B Rev 1.0", info.Model);
        Assert.Equal("Cortex-A76", info.Cpu);
        Assert.Equal(4, info.Cores);
        Assert.Equal("aarch64", info.Architecture);
        Assert.Equal(["asimd", "asimddp"], info.Features);
        Assert.Equal(8256048L * 1024, info.MemoryBytes);
        Assert.Equal("Debian GNU/Linux 12 (bookworm)", info.OperatingSystem);
        Assert.Equal("6.6.31+rpt-rpi-2712", info.Kernel);
    }

    [Fact]
    public void AVirtualMachineIsKnownByTheHypervisorFlag()
    {
        using FakeBoard board = FakeBoard.VirtualMachine();
        BoardInfo info = BoardDetector.Detect(board.Files);

        Assert.Equal(BoardKind.VirtualMachine, info.Kind);
        Assert.Equal("QEMU Standard PC", info.Model);
        Assert.Equal("AMD EPYC 9655 96-Core Processor", info.Cpu);
        Assert.Equal(2, info.Cores);
        Assert.Contains("avx512_vbmi", info.Features);
        Assert.DoesNotContain("fpu", info.Features);
    }

    [Fact]
    public void AJetsonIsKnownByItsDeviceTree()
    {
        using FakeBoard board = new FakeBoard().With("proc/device-tree/model", "NVIDIA Jetson Orin Nano Developer Kit\0");
        Assert.Equal(BoardKind.Jetson, BoardDetector.Detect(board.Files).Kind);
    }

    [Fact]
    public void AnEmptyRootGivesUnknownsAndNoException()
    {
        using var board = new FakeBoard();
        BoardInfo info = BoardDetector.Detect(board.Files);

        Assert.Equal(BoardKind.Other, info.Kind);
        Assert.Equal("unknown", info.Model);
        Assert.Equal("unknown", info.Cpu);
        Assert.Equal(1, info.Cores);
        Assert.Empty(info.Features);
        Assert.Equal(0, info.MemoryBytes);
    }

    [Fact]
    public void ThisMachineIsDetected()
    {
        BoardInfo info = BoardDetector.Detect();
        Assert.NotEqual("unknown", info.Kernel);
        Assert.InRange(info.Cores, 1, 4096);
    }
}
