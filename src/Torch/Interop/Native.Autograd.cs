using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Backward passes and managed graph nodes.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial void ev_autograd_callbacks(delegate* unmanaged<nint, nint, nint*, long, nint*, long, byte*, long, int> backward,
        delegate* unmanaged<nint, void> release);

    [LibraryImport(Library)]
    internal static partial int ev_function_wrap(NativeFunction* f, nint* results);

    [LibraryImport(Library)]
    internal static partial nint* ev_function_saved(nint value, long* count);

    [LibraryImport(Library)]
    internal static partial int ev_backward(nint* tensors, long n, nint* grads, long m, int retain, int create, nint* inputs, long k);

    [LibraryImport(Library)]
    internal static partial nint* ev_gradients(nint* outputs, long n, nint* inputs, long k, nint* grads, long m, int retain, int create,
        int allowUnused, long* count);
}
