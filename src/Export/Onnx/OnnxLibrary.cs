using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Export.Onnx;

/// <summary>Where ONNX Runtime's native library comes from: the file that <c>EDGEVIT_ONNXRUNTIME</c> names, else the one beside the program, else
/// where the system finds it. A program compiled ahead of time brings none: one can be put beside it.</summary>
internal static partial class OnnxLibrary
{
    /// <summary>The environment variable with the path of the library.</summary>
    public const string Variable = "EDGEVIT_ONNXRUNTIME";

    private const string Name = "onnxruntime";

    // On Linux, too, it would otherwise note a number of the machine in the user's cache and send reports to its maker.
    private const string NoTelemetry = "ORT_DISABLE_TELEMETRY";

    // The number of the interface that the managed part is made for, which is its minor version.
    private static readonly uint s_interface = (uint)(typeof(OrtEnv).Assembly.GetName().Version?.Minor ?? 0);
    private static int s_registered;

    private delegate nint GetInterfaceBase();

    private delegate nint GetInterface(uint version);

    private static string FileName =>
        OperatingSystem.IsWindows() ? "onnxruntime.dll" : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib" : "libonnxruntime.so";

    /// <summary>Takes over the search and switches the library's reports off, unless <c>ORT_DISABLE_TELEMETRY</c> is set already; to be called before
    /// anything of ONNX Runtime is used. Further calls do nothing, nor does one in a program that has used it already.</summary>
    public static void Register()
    {
        if (Interlocked.Exchange(ref s_registered, 1) != 0)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable(NoTelemetry, Environment.GetEnvironmentVariable(NoTelemetry) ?? "1");
        }
        else
        {
            // .NET's own variables are not those that native code sees.
            _ = SetVariable(NoTelemetry, "1", overwrite: 0);
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

        string file = Path.Combine(AppContext.BaseDirectory, FileName);
        return !File.Exists(file) ? 0 : Load(file) is var beside and not 0 ? beside : throw new DllNotFoundException($"{file} is no ONNX Runtime library for this machine.");
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

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
