using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Export.Onnx;

/// <summary>Where ONNX Runtime's native library comes from: the file that <c>EDGEVIT_ONNXRUNTIME</c> names, else the one beside the program, else
/// where the system finds it. A program compiled ahead of time brings none: one can be put beside it.</summary>
internal static class OnnxLibrary
{
    /// <summary>The environment variable with the path of the library.</summary>
    public const string Variable = "EDGEVIT_ONNXRUNTIME";

    private const string Name = "onnxruntime";

    // The chooser of the published command starts programs in this folder of it.
    private const string ProgramsFolder = "programs";

    // The number of the interface that the managed part is made for, which is its minor version.
    private static readonly uint s_interface = (uint)(typeof(OrtEnv).Assembly.GetName().Version?.Minor ?? 0);
    private static int s_registered;

    private delegate nint GetInterfaceBase();

    private delegate nint GetInterface(uint version);

    private static string FileName =>
        OperatingSystem.IsWindows() ? "onnxruntime.dll" : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib" : "libonnxruntime.so";

    /// <summary>Takes over the search; to be called before anything of ONNX Runtime is used. Further calls do nothing, nor
    /// does one in a program that has used it already.</summary>
    public static void Register()
    {
        if (Interlocked.Exchange(ref s_registered, 1) != 0)
        {
            return;
        }

        OrtEnv.DisableDllImportResolver = true;
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(OrtEnv).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // A program that used ONNX Runtime before has a search of its own.
        }
    }

    /// <summary>Files that may be the library, best first.</summary>
    internal static IEnumerable<string> Candidates(string folder)
    {
        string own = Path.TrimEndingDirectorySeparator(folder);
        yield return Path.Combine(own, FileName);
        if (Path.GetFileName(own) == ProgramsFolder && Path.GetDirectoryName(own) is { } above)
        {
            yield return Path.Combine(above, FileName);
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Name)
        {
            return 0;
        }

        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } asked)
        {
            return Load(asked) is var named and not 0 ? named : throw new DllNotFoundException($"{Variable} is '{asked}', which is no ONNX Runtime library for this machine.");
        }

        foreach (string file in Candidates(AppContext.BaseDirectory).Where(File.Exists))
        {
            return Load(file) is var beside and not 0 ? beside : throw new DllNotFoundException($"{file} is no ONNX Runtime library for this machine.");
        }

        return 0;
    }

    // Zero where it is none.
    private static nint Load(string file)
    {
        if (!NativeLibrary.TryLoad(file, out nint library) || !NativeLibrary.TryGetExport(library, "OrtGetApiBase", out nint entry))
        {
            return 0;
        }

        // An older library has no such interface, and the managed part would go on with a null.
        nint start = Marshal.GetDelegateForFunctionPointer<GetInterfaceBase>(entry)();
        return Marshal.GetDelegateForFunctionPointer<GetInterface>(Marshal.ReadIntPtr(start))(s_interface) != 0
            ? library : throw new DllNotFoundException($"{file} is an ONNX Runtime that is older than 1.{s_interface}, which is needed.");
    }
}
