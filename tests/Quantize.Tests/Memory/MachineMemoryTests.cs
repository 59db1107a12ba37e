namespace EdgeVit.Quantize.Tests;

/// <summary>What a Linux system says about its memory, from files of the test.</summary>
public sealed class MachineMemoryTests : IDisposable
{
    private const long Own = 100 << 20;

    private readonly TempFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void WithoutControlGroupsWhatIsFreeCounts()
    {
        Write("proc/meminfo", "MemTotal:       24000000 kB\nMemFree:         1000 kB\nMemAvailable:    2048000 kB\n");
        Assert.Equal(new MemoryBound(Own + (2_048_000L << 10), "what is free on this machine"), MachineMemory.Linux(_root.Path, Own));
    }

    [Theory]
    // Version 2: own group, the one around it, and the root of a container.
    [InlineData("0::/a/b\n", "sys/fs/cgroup/a/b/memory.max", "sys/fs/cgroup/a/b/memory.current", "sys/fs/cgroup/a/b/memory.stat", "inactive_file")]
    [InlineData("0::/a/b\n", "sys/fs/cgroup/a/memory.max", "sys/fs/cgroup/a/memory.current", "sys/fs/cgroup/a/memory.stat", "inactive_file")]
    [InlineData("0::/not/seen/from/inside\n", "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current", "sys/fs/cgroup/memory.stat", "inactive_file")]
    // Version 1, alone and with another controller.
    [InlineData("9:cpu:/x\n4:memory:/a\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file")]
    [InlineData("4:hugetlb,memory:/a\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes", "sys/fs/cgroup/memory/memory.stat", "total_inactive_file")]
    public void AControlGroupBoundsWhatIsUsedBesidesItsCache(string groups, string limit, string usage, string stat, string cached)
    {
        Write("proc/meminfo", "MemAvailable: 8000000 kB\n");
        Write("proc/self/cgroup", groups);
        Write(limit, "1000000000\n");
        Write(usage, "400000000\n");
        Write(stat, $"anon 1\n{cached} 150000000\nother 7\n");
        Assert.Equal(new MemoryBound(Own + 750_000_000, "what its control group leaves"), MachineMemory.Linux(_root.Path, Own));
    }

    [Theory]
    [InlineData("max")]
    [InlineData("9223372036854771712")]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("many")]
    public void AGroupWithoutABoundBoundsNothing(string limit)
    {
        Write("proc/meminfo", "MemAvailable: 1000 kB\n");
        Write("proc/self/cgroup", "4:memory:/a\n0::/a\nnonsense\n");
        Write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", limit);
        Write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "7");
        Write("sys/fs/cgroup/a/memory.max", limit);
        Write("sys/fs/cgroup/a/memory.current", "7");
        Assert.Equal(Own + (1000 << 10), MachineMemory.Linux(_root.Path, Own).Bytes);
    }

    [Fact]
    public void AGroupThatIsFullLeavesWhatTheProcessHas()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", "1000");
        Write("sys/fs/cgroup/memory.current", "5000");
        Assert.Equal(Own, MachineMemory.Linux(_root.Path, Own).Bytes);
        Assert.False(MachineMemory.Linux(Path.Combine(_root.Path, "nothing"), Own).IsKnown);
    }

    [Fact]
    public void ThisMachineHasABound()
    {
        MemoryBound machine = MemoryBound.Of(null);
        Assert.True(machine.IsKnown);
        Assert.InRange(machine.Bytes, Environment.WorkingSet / 2, 1L << 50);
        Assert.Equal(("--memory", 1_000_000), (MemoryBound.Of(1_000_000).Reason, MemoryBound.Of(1_000_000).Bytes));
        Assert.Equal(machine.Reason, MemoryBound.Of(1L << 55).Reason);
        Assert.Equal(1_000_000 / 4, MemoryBound.Of(1_000_000).Among(4).Bytes);
    }

    private void Write(string name, string text)
    {
        string path = _root.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
