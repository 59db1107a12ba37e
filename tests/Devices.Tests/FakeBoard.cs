namespace EdgeVit.Devices.Tests;

/// <summary>A folder that looks like the root of a board, deleted at the end.</summary>
internal sealed class FakeBoard : IDisposable
{
    private readonly Dictionary<string, Exception> _failures = [];

    public FakeBoard()
    {
        Files = new SystemFiles(Root) { Load = Load };
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("edgevit-board-").FullName;

    public SystemFiles Files { get; }

    public FakeBoard With(string path, string content)
    {
        string full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return this;
    }

    /// <summary>A program of the system, of which only the class of its format matters.</summary>
    public FakeBoard WithShell(int bits)
    {
        Directory.CreateDirectory(Path.Combine(Root, "bin"));
        File.WriteAllBytes(Path.Combine(Root, "bin", "sh"), [0x7F, (byte)'E', (byte)'L', (byte)'F', (byte)(bits / 32)]);
        return this;
    }

    /// <summary>A file that is there and cannot be read.</summary>
    public FakeBoard Fails(string path, Exception error)
    {
        With(path, "");
        _failures[Path.Combine(Root, path)] = error;
        return this;
    }

    public void Without(string path) => File.Delete(Path.Combine(Root, path));

    public static FakeBoard RaspberryPi5() => Trees.RaspberryPi5().Board;

    public static FakeBoard VirtualMachine() => new FakeBoard()
        .With("proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 9655 96-Core Processor\ncpu MHz\t\t: 2600.000\nflags\t\t: fpu avx2 fma avx512f avx512bw avx512_vbmi popcnt hypervisor\n\n"
            + "processor\t: 1\nmodel name\t: AMD EPYC 9655 96-Core Processor\ncpu MHz\t\t: 2700.500\nflags\t\t: fpu avx2 fma hypervisor\n")
        .With("sys/class/dmi/id/product_name", "Standard PC\n")
        .With("sys/class/dmi/id/sys_vendor", "QEMU\n");

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private string Load(string full) => _failures.TryGetValue(full, out Exception? error) ? throw error : File.ReadAllText(full);
}
