using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Views, joins, indexing.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial nint ev_view(nint t, long* s, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_reshape(nint t, long* s, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_flatten(nint t, long start, long end);

    [LibraryImport(Library)]
    internal static partial nint ev_unflatten(nint t, long dim, long* s, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_permute(nint t, long* d, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_transpose(nint t, long a, long b);

    [LibraryImport(Library)]
    internal static partial nint ev_t(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_squeeze(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_squeeze_d(nint t, long dim);

    [LibraryImport(Library)]
    internal static partial nint ev_unsqueeze(nint t, long dim);

    [LibraryImport(Library)]
    internal static partial nint ev_expand(nint t, long* s, long n, int @implicit);

    [LibraryImport(Library)]
    internal static partial nint ev_repeat(nint t, long* s, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_repeat_interleave(nint t, long repeats, long dim, int hasDim);

    [LibraryImport(Library)]
    internal static partial nint ev_narrow(nint t, long dim, long start, long length);

    [LibraryImport(Library)]
    internal static partial nint ev_slice(nint t, long dim, long start, long finish, long step);

    [LibraryImport(Library)]
    internal static partial nint ev_select(nint t, long dim, long index);

    [LibraryImport(Library)]
    internal static partial nint ev_diagonal(nint t, long offset, long a, long b);

    [LibraryImport(Library)]
    internal static partial nint ev_index_select(nint t, long dim, nint index);

    [LibraryImport(Library)]
    internal static partial nint ev_gather(nint t, long dim, nint index);

    [LibraryImport(Library)]
    internal static partial nint ev_scatter(nint t, long dim, nint index, nint source);

    [LibraryImport(Library)]
    internal static partial int ev_scatter_(nint t, long dim, nint index, nint source);

    [LibraryImport(Library)]
    internal static partial int ev_scatter_add_(nint t, long dim, nint index, nint source);

    [LibraryImport(Library)]
    internal static partial int ev_index_add_(nint t, long dim, nint index, nint source, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial int ev_index_copy_(nint t, long dim, nint index, nint source);

    [LibraryImport(Library)]
    internal static partial nint ev_masked_select(nint t, nint mask);

    [LibraryImport(Library)]
    internal static partial nint ev_nonzero(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_roll(nint t, long* shifts, long n, long* dims, long m);

    [LibraryImport(Library)]
    internal static partial nint ev_flip(nint t, long* dims, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_cat(nint* tensors, long n, long dim);

    [LibraryImport(Library)]
    internal static partial nint ev_stack(nint* tensors, long n, long dim);

    [LibraryImport(Library)]
    internal static partial nint* ev_split(nint t, long size, long dim, long* count);

    [LibraryImport(Library)]
    internal static partial nint* ev_split_sizes(nint t, long* s, long n, long dim, long* count);

    [LibraryImport(Library)]
    internal static partial nint* ev_chunk(nint t, long chunks, long dim, long* count);

    [LibraryImport(Library)]
    internal static partial nint* ev_unbind(nint t, long dim, long* count);

    [LibraryImport(Library)]
    internal static partial nint* ev_where_list(nint condition, long* count);

    [LibraryImport(Library)]
    internal static partial nint ev_index(nint t, NativeIndex* items, long n);

    [LibraryImport(Library)]
    internal static partial int ev_index_put_(nint t, NativeIndex* items, long n, nint value);

    [LibraryImport(Library)]
    internal static partial int ev_index_put_s_(nint t, NativeIndex* items, long n, NativeScalar value);
}
