using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>The libraries behind this assembly's imports that are found at run time.</summary>
internal static class NativeImports
{
    /// <summary>Name of the import of MPI.</summary>
    internal const string Mpi = "mpi";

    /// <summary>Name of the import of NCCL.</summary>
    internal const string Nccl = "nccl";

    /// <summary>Name of the import of TorchSharp's library.</summary>
    internal const string TorchSharp = "LibTorchSharp";

    private static nint s_mpi;
    private static nint s_nccl;

    static NativeImports() => NativeLibrary.SetDllImportResolver(typeof(NativeImports).Assembly, (name, _, _) => name switch
    {
        Mpi => s_mpi,
        Nccl => s_nccl,
        TorchSharp => LibTorch.Bridge,
        _ => 0,
    });

    /// <summary>Opens the first of some libraries that there is.</summary>
    /// <param name="import"><see cref="Mpi"/> or <see cref="Nccl"/>.</param>
    /// <returns>Its name and handle; nulls where there is none.</returns>
    internal static (string? Name, nint Handle) Open(string import, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint handle))
            {
                continue;
            }

            if (import == Mpi)
            {
                s_mpi = handle;
            }
            else
            {
                s_nccl = handle;
            }

            return (name, handle);
        }
        return default;
    }
}
