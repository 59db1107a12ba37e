using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Names a group of processes to NCCL: 128 bytes, passed by value.</summary>
[InlineArray(128)]
internal struct NcclId
{
    private byte _first;
}

/// <summary>NCCL's C interface (nccl.h): sums and copies of what lies on GPUs, on the default stream of the current CUDA device, which is the one that
/// TorchSharp computes on. Whatever fails throws an <see cref="ExternalException"/> with NCCL's message.</summary>
internal sealed unsafe partial class Nccl : IDisposable
{
    private static readonly string[] s_libraries = ["libnccl.so.2", "libnccl.so"];

    private readonly nint _group;

    /// <summary>Joins a group; returns when all have joined.</summary>
    /// <param name="id">As rank 0 has it from <see cref="NewId"/>.</param>
    internal Nccl(NcclId id, int rank, int size) => Check(ncclCommInitRank(out _group, size, id, rank));

    /// <summary>nccl.h's ncclDataType_t.</summary>
    private enum DataType
    {
        UInt8 = 1,
        Float32 = 7,
        Float64 = 8,
    }

    /// <summary>Opens the library.</summary>
    /// <exception cref="ConvertException">There is none.</exception>
    internal static void Load()
    {
        if (NativeImports.Open(NativeImports.Nccl, s_libraries).Name is null)
        {
            throw new ConvertException(
                $"several processes on GPUs need {s_libraries[0]} (NCCL), which is missing: apt-get install libnccl2 (of NVIDIA's repository), or train with one process or with --device cpu.", ConvertException.NotSupported);
        }
    }

    /// <summary>A name for a new group.</summary>
    internal static NcclId NewId()
    {
        Check(ncclGetUniqueId(out NcclId id));
        return id;
    }

    /// <summary>Replaces numbers on the GPU by their sums over the processes.</summary>
    /// <param name="data">Address on the device.</param>
    /// <param name="type">float32 or float64.</param>
    internal void Sum(nint data, long count, ScalarType type) =>
        Check(ncclAllReduce(data, data, (nuint)count, type == ScalarType.Float64 ? DataType.Float64 : DataType.Float32, operation: 0, _group, stream: 0));

    /// <summary>Replaces bytes on the GPU by those of rank 0.</summary>
    internal void Broadcast(nint data, long count) => Check(ncclBroadcast(data, data, (nuint)count, DataType.UInt8, root: 0, _group, stream: 0));

    public void Dispose() => _ = ncclCommDestroy(_group);

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new ExternalException($"NCCL error {result}: {Marshal.PtrToStringUTF8(ncclGetErrorString(result))} (NCCL_DEBUG=INFO tells more)", result);
        }
    }

    [LibraryImport(NativeImports.Nccl)]
    private static partial int ncclGetUniqueId(out NcclId id);

    [LibraryImport(NativeImports.Nccl)]
    private static partial int ncclCommInitRank(out nint group, int size, NcclId id, int rank);

    [LibraryImport(NativeImports.Nccl)]
    private static partial int ncclAllReduce(nint send, nint receive, nuint count, DataType type, int operation, nint group, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    private static partial int ncclBroadcast(nint send, nint receive, nuint count, DataType type, int root, nint group, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    private static partial int ncclCommDestroy(nint group);

    [LibraryImport(NativeImports.Nccl)]
    private static partial nint ncclGetErrorString(int result);
}
