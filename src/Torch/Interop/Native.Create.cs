using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Creation, copies, random numbers, devices.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial nint ev_empty(long* s, long n, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_zeros(long* s, long n, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_ones(long* s, long n, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_full(long* s, long n, NativeScalar value, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_rand(long* s, long n, int dtype, int dev, int index, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_randn(long* s, long n, int dtype, int dev, int index, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_randint(long low, long high, long* s, long n, int dtype, int dev, int index, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_randperm(long n, int dtype, int dev, int index, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_arange(NativeScalar start, NativeScalar stop, NativeScalar step, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_linspace(NativeScalar start, NativeScalar end, long steps, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_eye(long rows, long columns, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_from_bytes(void* data, long bytes, long* s, long n, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_like(nint t, int fill, int dtype, int dev, int index);

    [LibraryImport(Library)]
    internal static partial nint ev_clone(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_detach(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_detach_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_alias(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_contiguous(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_copy_(nint t, nint source, int nonBlocking);

    [LibraryImport(Library)]
    internal static partial int ev_zero_(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_fill_(nint t, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial nint ev_to(nint t, int dtype, int dev, int index, int nonBlocking, int copy);

    [LibraryImport(Library)]
    internal static partial nint ev_to_dtype(nint t, int dtype, int nonBlocking, int copy);

    [LibraryImport(Library)]
    internal static partial int ev_normal_(nint t, double mean, double std, nint g);

    [LibraryImport(Library)]
    internal static partial int ev_uniform_(nint t, double from, double to, nint g);

    [LibraryImport(Library)]
    internal static partial int ev_bernoulli_(nint t, double p, nint g);

    [LibraryImport(Library)]
    internal static partial int ev_bernoulli_tensor_(nint t, nint p, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_bernoulli(nint t, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_multinomial(nint t, long samples, int replacement, nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_generator_new(int dev, int index, ulong seed);

    [LibraryImport(Library)]
    internal static partial nint ev_generator_default(int dev, int index);

    [LibraryImport(Library)]
    internal static partial void ev_generator_free(nint g);

    [LibraryImport(Library)]
    internal static partial int ev_generator_seed(nint g, ulong seed);

    [LibraryImport(Library)]
    internal static partial long ev_generator_initial_seed(nint g);

    [LibraryImport(Library)]
    internal static partial nint ev_generator_state(nint g);

    [LibraryImport(Library)]
    internal static partial int ev_generator_set_state(nint g, nint state);

    [LibraryImport(Library)]
    internal static partial int ev_manual_seed(ulong seed);

    [LibraryImport(Library)]
    internal static partial int ev_cuda_devices();

    [LibraryImport(Library)]
    internal static partial int ev_cuda_seed(ulong seed, int all);

    [LibraryImport(Library)]
    internal static partial int ev_cuda_synchronize(int index);

    [LibraryImport(Library)]
    internal static partial void ev_cudnn_benchmark(int enabled);

    [LibraryImport(Library)]
    internal static partial int ev_deterministic();

    [LibraryImport(Library)]
    internal static partial int ev_set_deterministic(int enabled, int warn);

    [LibraryImport(Library)]
    internal static partial void ev_allow_tf32(int enabled);
}
