using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Lifetime, errors, properties, modes.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial byte* ev_error();

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long ev_live();

    [LibraryImport(Library)]
    internal static partial byte* ev_version();

    [LibraryImport(Library)]
    internal static partial void ev_free(nint tensor);

    [LibraryImport(Library)]
    internal static partial void ev_free_array(nint* tensors);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nint ev_share(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long ev_numel(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long ev_dim(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_dtype(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long ev_element_size(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_device_type(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_device_index(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_is_leaf(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_is_contiguous(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_same(nint a, nint b);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_sizes(nint tensor, long* @out);

    [LibraryImport(Library)]
    internal static partial int ev_strides(nint tensor, long* @out);

    [LibraryImport(Library)]
    internal static partial nint ev_data(nint tensor);

    [LibraryImport(Library)]
    internal static partial int ev_item(nint tensor, double* real, long* integer);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_requires_grad(nint tensor);

    [LibraryImport(Library)]
    internal static partial int ev_set_requires_grad(nint tensor, int value);

    [LibraryImport(Library)]
    internal static partial int ev_retain_grad(nint tensor);

    [LibraryImport(Library)]
    internal static partial int ev_grad(nint tensor, nint* result);

    [LibraryImport(Library)]
    internal static partial int ev_set_grad(nint tensor, nint grad);

    [LibraryImport(Library)]
    internal static partial int ev_zero_grads(nint* tensors, long count, int zero);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_grad_mode();

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void ev_set_grad_mode(int enabled);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int ev_is_inference();

    [LibraryImport(Library)]
    internal static partial nint ev_inference_enter(int enabled);

    [LibraryImport(Library)]
    internal static partial void ev_inference_leave(nint guard);

    [LibraryImport(Library)]
    internal static partial int ev_threads();

    [LibraryImport(Library)]
    internal static partial int ev_set_threads(int count);

    [LibraryImport(Library)]
    internal static partial int ev_interop_threads();

    [LibraryImport(Library)]
    internal static partial int ev_set_interop_threads(int count);
}
