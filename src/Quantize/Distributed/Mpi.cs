using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>MPI's C interface as Open MPI and MPICH export it: handles are addresses of exported objects there and numbers here, a register holds either.
/// A process has one library and joins and leaves its world once. Whatever fails throws an <see cref="ExternalException"/> with MPI's message.</summary>
internal static unsafe partial class Mpi
{
    /// <summary>Variable of the environment that names the library, where the launcher's usual one is not the right one.</summary>
    internal const string LibraryVariable = "EDGEVIT_MPI";

    /// <summary>MPI_THREAD_SERIALIZED: several threads call, one at a time.</summary>
    private const int Serialized = 2;

    /// <summary>RTLD_NOW and RTLD_GLOBAL.</summary>
    private const int Global = 0x102;

    private static nint s_world;
    private static nint s_float;
    private static nint s_double;
    private static nint s_byte;
    private static nint s_sum;
    private static nint s_return;
    private static nint s_inPlace;
    private static nint s_ignore;

    /// <summary>Opens the first of some libraries that there is.</summary>
    /// <returns>Its name; null where there is none.</returns>
    internal static string? Load(IEnumerable<string> names)
    {
        // UCX would take SIGSEGV, which the runtime needs for null references; only the C library's environment reaches it.
        SetVariable("UCX_ERROR_SIGNALS", "");
        (string? name, nint library) = NativeImports.Open(NativeImports.Mpi, names);
        if (name is null)
        {
            return null;
        }

        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out s_world))
        {
            s_float = NativeLibrary.GetExport(library, "ompi_mpi_float");
            s_double = NativeLibrary.GetExport(library, "ompi_mpi_double");
            s_byte = NativeLibrary.GetExport(library, "ompi_mpi_byte");
            s_sum = NativeLibrary.GetExport(library, "ompi_mpi_op_sum");
            s_return = NativeLibrary.GetExport(library, "ompi_mpi_errors_return");
            (s_inPlace, s_ignore) = (1, 0);
            // Its plug-ins look for its symbols among those of the whole process.
            _ = dlopen(name, Global);
        }
        else
        {
            (s_world, s_float, s_double, s_byte) = (0x44000000, 0x4c00040a, 0x4c00080b, 0x4c00010d);
            (s_sum, s_return, s_inPlace, s_ignore) = (0x58000003, 0x54000001, -1, 1);
        }
        return name;
    }

    /// <summary>The library's name and version.</summary>
    internal static string Version
    {
        get
        {
            byte* text = stackalloc byte[8192];
            Check(MPI_Get_library_version(text, out int length));
            string[] words = Marshal.PtrToStringUTF8((nint)text, length).Split(['\n', ',', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return words[0] == "MPICH Version:" ? $"MPICH {words[1]}" : words[0];
        }
    }

    /// <summary>Joins the others; returns when all have joined.</summary>
    /// <exception cref="ConvertException">The library serves one thread only.</exception>
    internal static (int Rank, int Size) Join()
    {
        Check(MPI_Init_thread(0, 0, Serialized, out int provided));
        Check(MPI_Comm_set_errhandler(s_world, s_return));
        Check(MPI_Comm_rank(s_world, out int rank));
        Check(MPI_Comm_size(s_world, out int size));
        return provided >= Serialized ? (rank, size) : throw new ConvertException(
            $"{Version} was built for one thread only, expected MPI_THREAD_SERIALIZED: take the system's package of Open MPI or MPICH.", ConvertException.NotSupported);
    }

    /// <summary>Replaces numbers by their sums over the processes; waiting for the others costs a processor.</summary>
    /// <param name="type">float32 or float64.</param>
    internal static void Sum(void* data, int count, ScalarType type) => Check(MPI_Allreduce(s_inPlace, data, count, TypeOf(type), s_sum, s_world));

    /// <summary>Replaces bytes by those of rank 0; waiting for the others costs a processor.</summary>
    internal static void Broadcast(void* data, int count) => Check(MPI_Bcast(data, count, s_byte, 0, s_world));

    /// <summary>Begins to replace numbers by their sums, which must stay where they are until <see cref="IsDone"/>.</summary>
    /// <returns>The request, for <see cref="IsDone"/>.</returns>
    internal static nint BeginSum(void* data, int count, ScalarType type)
    {
        nint request = 0;
        Check(MPI_Iallreduce(s_inPlace, data, count, TypeOf(type), s_sum, s_world, &request));
        return request;
    }

    /// <summary>Begins a barrier.</summary>
    /// <returns>The request, for <see cref="IsDone"/>.</returns>
    internal static nint BeginBarrier()
    {
        nint request = 0;
        Check(MPI_Ibarrier(s_world, &request));
        return request;
    }

    /// <summary>Advances a request and returns whether it is done.</summary>
    internal static bool IsDone(ref nint request)
    {
        fixed (nint* at = &request)
        {
            Check(MPI_Test(at, out int done, s_ignore));
            return done != 0;
        }
    }

    /// <summary>Leaves the others, all of which do so.</summary>
    internal static void Leave() => Check(MPI_Finalize());

    /// <summary>Ends all processes.</summary>
    internal static void Abort(int code) => _ = MPI_Abort(s_world, code);

    /// <summary>Sets a variable for native libraries, too, which .NET's method does not.</summary>
    internal static void SetVariable(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        _ = setenv(name, value, 1);
    }

    private static nint TypeOf(ScalarType type) => type == ScalarType.Float64 ? s_double : s_float;

    private static void Check(int code)
    {
        if (code == 0)
        {
            return;
        }

        byte* text = stackalloc byte[8192];
        string said = MPI_Error_string(code, text, out int length) == 0 ? Marshal.PtrToStringUTF8((nint)text, length) : "unknown";
        throw new ExternalException($"MPI error {code}: {said}", code);
    }

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Init_thread(nint argc, nint argv, int required, out int provided);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Finalize();

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Abort(nint world, int code);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Comm_rank(nint world, out int rank);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Comm_size(nint world, out int size);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Comm_set_errhandler(nint world, nint handler);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Error_string(int code, byte* text, out int length);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Get_library_version(byte* text, out int length);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Iallreduce(nint send, void* receive, int count, nint type, nint operation, nint world, nint* request);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Allreduce(nint send, void* receive, int count, nint type, nint operation, nint world);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Bcast(void* data, int count, nint type, int root, nint world);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Ibarrier(nint world, nint* request);

    [LibraryImport(NativeImports.Mpi)]
    private static partial int MPI_Test(nint* request, out int done, nint status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlopen(string name, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
