using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>Finds and loads libedgevit_torch.so beside the assembly, with a message that says what to install when that fails.</summary>
internal static partial class NativeLoader
{
    private const string FileName = "libedgevit_torch.so";

    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != "edgevit_torch") return 0;
        PrepareEnvironment();
        string file = Path.Combine(AppContext.BaseDirectory, FileName);
        if (!File.Exists(file) && assembly.Location.Length > 0) file = Path.Combine(Path.GetDirectoryName(assembly.Location)!, FileName);
        if (!File.Exists(file))
        {
            throw new DllNotFoundException(
                $"{FileName}, the bridge to libtorch, is not in {AppContext.BaseDirectory}: build with TorchFrom=system (see setup.sh).");
        }
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (DllNotFoundException error)
        {
            throw new DllNotFoundException(
                "libtorch could not be loaded. Install it (Debian, Ubuntu: apt-get install libtorch1.13 libopenblas0-openmp), or point "
                + "EDGEVIT_LIBTORCH at a PyTorch folder with include/ and lib/ and rebuild; setup.sh does either. "
                + $"The loader said: {Reason(error.Message)}", error);
        }
    }

    // .NET explains at length; what is missing is said in the line that the system's loader wrote.
    private static string Reason(string message)
    {
        string[] lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return Array.Find(lines, l => l.Contains("cannot open shared object", StringComparison.Ordinal)) ?? lines.LastOrDefault(message);
    }

    // libgomp reads this when it is loaded, and only from the C environment, which Environment.SetEnvironmentVariable does not change.
    // With the default (busy waiting) idle threads steal the cores that the data loader and OpenBLAS need.
    private static void PrepareEnvironment()
    {
        if (!OperatingSystem.IsLinux()) return;
        _ = SetEnv("OMP_WAIT_POLICY", "passive", 0);
        // libtorch warns of every address that it tries in vain before it connects to one; what matters comes as an error.
        _ = SetEnv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
        _ = SetEnv("GLOG_minloglevel", "3", 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
