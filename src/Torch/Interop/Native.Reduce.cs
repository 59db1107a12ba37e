using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Reductions, ordering, matrix products.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial nint ev_sum(nint t, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_sum_d(nint t, long* d, long n, int keep, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_mean(nint t, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_mean_d(nint t, long* d, long n, int keep, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_prod(nint t, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_cumsum(nint t, long dim, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_var(nint t, int unbiased);

    [LibraryImport(Library)]
    internal static partial nint ev_var_d(nint t, long* d, long n, int unbiased, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_std(nint t, int unbiased);

    [LibraryImport(Library)]
    internal static partial nint ev_std_d(nint t, long* d, long n, int unbiased, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_norm(nint t, double p);

    [LibraryImport(Library)]
    internal static partial nint ev_norm_d(nint t, double p, long* d, long n, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_all(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_all_d(nint t, long dim, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_any(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_any_d(nint t, long dim, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_max(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_min(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_amax(nint t, long* d, long n, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_amin(nint t, long* d, long n, int keep);

    [LibraryImport(Library)]
    internal static partial int ev_max_d(nint t, long dim, int keep, nint* first, nint* second);

    [LibraryImport(Library)]
    internal static partial int ev_min_d(nint t, long dim, int keep, nint* first, nint* second);

    [LibraryImport(Library)]
    internal static partial nint ev_median(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_argmax(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_argmax_d(nint t, long dim, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_argmin(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_argmin_d(nint t, long dim, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_argsort(nint t, long dim, int descending);

    [LibraryImport(Library)]
    internal static partial int ev_topk(nint t, long k, long dim, int largest, int sorted, nint* first, nint* second);

    [LibraryImport(Library)]
    internal static partial int ev_sort(nint t, long dim, int descending, int stable, nint* first, nint* second);

    [LibraryImport(Library)]
    internal static partial nint ev_logsumexp(nint t, long dim, int keep);

    [LibraryImport(Library)]
    internal static partial nint ev_bincount(nint t, nint weights, long minimum);

    [LibraryImport(Library)]
    internal static partial nint ev_matmul(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_mm(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_bmm(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_mv(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_dot(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_outer(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_addmm(nint t, nint a, nint b, float beta, float alpha);

    [LibraryImport(Library)]
    internal static partial nint ev_baddbmm(nint t, nint a, nint b, float beta, float alpha);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ev_einsum(string equation, nint* tensors, long n);

    [LibraryImport(Library)]
    internal static partial nint ev_tril(nint t, long diagonal);

    [LibraryImport(Library)]
    internal static partial nint ev_triu(nint t, long diagonal);

    [LibraryImport(Library)]
    internal static partial nint ev_cosine_similarity(nint a, nint b, long dim, double eps);
}
