using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;
using EdgeVit.Runtime;
using TorchSharp;

namespace EdgeVit.Quantize;

/// <summary>Loads libtorch and TorchSharp's library in front of TorchSharp, which would look beside the program only: libtorch is half a gigabyte and
/// stays in the package cache. TorchSharp's library asks for <c>GLIBCXX_3.4.32</c>, which Debian 12 and Ubuntu 22.04 lack, on behalf of one symbol
/// that no relocation uses; there a private copy is loaded in which that need is marked as weak.</summary>
internal static class LibTorch
{
    /// <summary>Variable of the environment that names a folder with libtorch's libraries, and TorchSharp's where they are to be taken from there, too.</summary>
    public const string FolderVariable = "EDGEVIT_LIBTORCH";

    /// <summary>The need that older systems do not meet and nothing rests on.</summary>
    internal const string UnusedNeed = "GLIBCXX_3.4.32";

    private static readonly Lock s_lock = new();
    private static string? s_loaded;

    /// <summary>TorchSharp's own library, once <see cref="Load"/> has been called; for imports beside TorchSharp's.</summary>
    internal static nint Bridge { get; private set; }

    /// <summary>Loads the libraries; does nothing the second time.</summary>
    /// <returns>One line: which were loaded, from where, and with what remedy.</returns>
    /// <exception cref="ConvertException">They cannot be loaded here; the message says what is wrong, why and what to do.</exception>
    public static string Load()
    {
        lock (s_lock)
        {
            return s_loaded ??= LoadOnce();
        }
    }

    private static string LoadOnce()
    {
        NativeHeap.KeepBlocks();
        NativeThreads.SleepWhileWaiting();
        string folder = Folder();
        string[] names = OperatingSystem.IsWindows() ? ["c10.dll", "torch_cpu.dll", "torch.dll"]
            : OperatingSystem.IsMacOS() ? ["libc10.dylib", "libtorch_cpu.dylib", "libtorch.dylib"]
            : ["libc10.so", "libtorch_cpu.so", "libtorch.so"];
        foreach (string name in names)
        {
            Open(Path.Combine(folder, name));
        }

        (nint handle, bool weak) = OpenBridge(BridgePath(folder));
        Bridge = handle;
        NativeLibrary.SetDllImportResolver(typeof(torch).Assembly, (name, _, _) => name == "LibTorchSharp" ? handle : 0);
        // TorchSharp asks by assembly and by name alone before its first import.
        System.Runtime.Loader.AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name == "LibTorchSharp" ? handle : 0;
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e) when (e is NotSupportedException or TypeInitializationException or DllNotFoundException or EntryPointNotFoundException)
        {
            throw new ConvertException(
                $"TorchSharp {Version} does not take the libraries in {folder}: {(e.InnerException ?? e).Message.Split('\n')[0]}. It wants libtorch {torch.__version__}; unset {FolderVariable} or name a folder that fits.", e, ConvertException.NotSupported);
        }
        string remedy = weak ? $", its need of {UnusedNeed} set aside because this system's libstdc++ is older" : "";
        return $"libtorch {torch.__version__} from {folder}; TorchSharp {Version}{remedy}";
    }

    /// <summary>TorchSharp's version, such as 0.107.0.</summary>
    private static string Version => typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";

    /// <summary>The folder that holds libtorch: the one that the environment names, the program's own, or the package's where this was built.</summary>
    private static string Folder()
    {
        string probe = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named)
        {
            return File.Exists(Path.Combine(named, probe)) ? Path.GetFullPath(named) : throw new ConvertException(
                $"{FolderVariable} is '{named}', which holds no {probe}: expected the folder with libtorch's libraries. Unset it to use the package's.", ConvertException.Usage);
        }
        string package = typeof(LibTorch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "LibTorchFolder")?.Value ?? "";
        string[] places = [AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"), package];
        return places.FirstOrDefault(p => p.Length > 0 && File.Exists(Path.Combine(p, probe))) ?? throw new ConvertException(
            $"training needs libtorch, but {probe} is neither beside the program nor in the package cache ({(package.Length > 0 ? package : $"no package for {RuntimeInformation.RuntimeIdentifier}")}). Run ./setup.sh and build again, or name its folder in {FolderVariable}.", ConvertException.NotSupported);
    }

    /// <summary>TorchSharp's own library: beside libtorch where one is there, otherwise beside the program.</summary>
    private static string BridgePath(string folder)
    {
        string name = OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";
        string rid = $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        string[] places = [folder, AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", rid, "native")];
        return places.Select(p => Path.Combine(p, name)).FirstOrDefault(File.Exists) ?? throw new ConvertException(
            $"training needs {name} of the TorchSharp package, which has none for {rid} or was not copied beside the program ({AppContext.BaseDirectory}). Training runs on x64 Linux, x64 Windows and macOS on ARM; everything else of edgevit runs here.", ConvertException.NotSupported);
    }

    /// <summary>TorchSharp's library as it is, or the copy that older systems take.</summary>
    private static (nint Handle, bool Weak) OpenBridge(string path)
    {
        try
        {
            return (NativeLibrary.Load(path), false);
        }
        catch (DllNotFoundException e) when (OperatingSystem.IsLinux() && e.Message.Contains(UnusedNeed, StringComparison.Ordinal))
        {
            byte[] library = File.ReadAllBytes(path);
            if (MarkWeak(library, UnusedNeed) == 0)
            {
                throw Refused(path, e);
            }

            return (OpenCopy(library), true);
        }
        catch (DllNotFoundException e)
        {
            throw Refused(path, e);
        }
    }

    /// <summary>Loads a library from memory by way of a file that is gone afterwards; folders for temporary files may forbid execution.</summary>
    private static nint OpenCopy(byte[] library)
    {
        DllNotFoundException? refusal = null;
        foreach (string folder in (string[])[Path.GetTempPath(), AppContext.BaseDirectory])
        {
            string copy = Path.Combine(folder, $"edgevit-{Environment.ProcessId}-{Guid.NewGuid():N}.so");
            try
            {
                File.WriteAllBytes(copy, library);
                return NativeLibrary.Load(copy);
            }
            catch (DllNotFoundException e)
            {
                refusal = e;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                refusal ??= new DllNotFoundException($"{folder} cannot be written: {FileFault.Of(e, folder)}", e);
            }
            finally
            {
                File.Delete(copy);
            }
        }
        throw Refused("the copy of TorchSharp's library", refusal!);
    }

    private static void Open(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            throw Refused(path, e);
        }
    }

    /// <summary>The error where the system does not take a library.</summary>
    internal static ConvertException Refused(string path, DllNotFoundException e)
    {
        string why = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(l => l.Contains("version `", StringComparison.Ordinal)) ?? e.Message.Split('\n')[0];
        string what = why.Contains("GLIBCXX_", StringComparison.Ordinal)
            ? "This system's libstdc++ is too old for it: training needs that of GCC 12 (Debian 12, Ubuntu 22.04) or newer. Train on such a system or in a container of one"
            : why.Contains("GLIBC_", StringComparison.Ordinal)
            ? "This system's C library is too old for it: training needs that of Debian 12 or Ubuntu 22.04 or newer. Train on such a system or in a container of one"
            : OperatingSystem.IsWindows()
            ? "TorchSharp 0.107.0 is known not to load on some Windows systems (its issue 1567). Train under Linux, WSL included"
            : "Run ./setup.sh, or './edgevit doctor' for what this machine has";
        return new ConvertException($"training needs {path}, which the system refuses: {why.Trim().TrimEnd('.')}. {what}; every other command works here.", e, ConvertException.NotSupported);
    }

    /// <summary>Marks a version need of an ELF library of 64 bits, little endian, as weak: the loader then does without where the system lacks it.</summary>
    /// <param name="elf">The library; changed in place.</param>
    /// <returns>How many needs were marked: one for each library that it is asked of; 0 where there is none or it is no such file.</returns>
    /// <remarks>ELF gABI and LSB 10.7.3: section of type SHT_GNU_verneed with entries Verneed {version, count, file, aux, next} and
    /// Vernaux {hash, flags, other, name, next}; VER_FLG_WEAK is 2.</remarks>
    internal static int MarkWeak(Span<byte> elf, string version)
    {
        const uint NeedSection = 0x6ffffffe;
        const ushort Weak = 2;
        if (elf.Length < 64 || !elf[..6].SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
        {
            return 0;
        }

        byte[] name = [.. System.Text.Encoding.ASCII.GetBytes(version), 0];
        ulong sections = BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3c..]);
        int marked = 0;
        for (int i = 0; i < count && size >= 64; i++)
        {
            Span<byte> section = At(elf, sections + ((ulong)i * (ulong)size), 64);
            if (section.IsEmpty || BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) != NeedSection)
            {
                continue;
            }

            Span<byte> strings = At(elf, sections + ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(section[40..]) * (ulong)size), 64);
            if (strings.IsEmpty)
            {
                continue;
            }

            ulong names = BinaryPrimitives.ReadUInt64LittleEndian(strings[24..]);
            ulong need = BinaryPrimitives.ReadUInt64LittleEndian(section[24..]);
            for (uint n = BinaryPrimitives.ReadUInt32LittleEndian(section[44..]); n > 0; n--)
            {
                Span<byte> head = At(elf, need, 16);
                if (head.IsEmpty)
                {
                    break;
                }

                ulong aux = need + BinaryPrimitives.ReadUInt32LittleEndian(head[8..]);
                for (int k = BinaryPrimitives.ReadUInt16LittleEndian(head[2..]); k > 0; k--)
                {
                    Span<byte> entry = At(elf, aux, 16);
                    if (entry.IsEmpty)
                    {
                        break;
                    }

                    if (At(elf, names + BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), name.Length).SequenceEqual(name))
                    {
                        BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]) | Weak));
                        marked++;
                    }
                    aux += BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
                }
                need += BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
            }
        }
        return marked;
    }

    /// <summary>A part of a file; empty where the file ends before.</summary>
    private static Span<byte> At(Span<byte> elf, ulong offset, int length) =>
        offset <= (ulong)elf.Length && (ulong)length <= (ulong)elf.Length - offset ? elf.Slice((int)offset, length) : [];
}
