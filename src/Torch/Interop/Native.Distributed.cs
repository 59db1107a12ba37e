using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Processes that train together.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial int ev_distributed_backends();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ev_store_open(string host, int port, int serve, long timeoutMs, string prefix);

    [LibraryImport(Library)]
    internal static partial void ev_store_free(nint store);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ev_store_set(nint store, string key, byte* value, long count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ev_store_add(nint store, string key, long value, long* result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ev_store_has(nint store, string key);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ev_store_get(nint store, string key);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ev_group_open(nint store, int rank, int size, long timeoutMs, string address, int cuda);

    [LibraryImport(Library)]
    internal static partial void ev_group_free(nint group);

    [LibraryImport(Library)]
    internal static partial int ev_group_apply(nint group, nint* tensors, long count, int sum);

    [LibraryImport(Library)]
    internal static partial int ev_group_sum(nint group, double* values, long count);
}
