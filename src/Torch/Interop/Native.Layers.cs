using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Layers as functions, losses, gradient clipping.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial nint ev_linear(nint x, nint w, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_conv2d(nint x, nint w, nint b, long* stride, long* padding, long* dilation, long groups);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ev_conv2d_named(nint x, nint w, nint b, long* stride, string padding, long* dilation, long groups);

    [LibraryImport(Library)]
    internal static partial nint ev_batch_norm(nint x, nint w, nint b, nint mean, nint var, int training, double momentum, double eps);

    [LibraryImport(Library)]
    internal static partial nint ev_layer_norm(nint x, long* shape, long n, nint w, nint b, double eps);

    [LibraryImport(Library)]
    internal static partial nint ev_dropout(nint x, double p, int training);

    [LibraryImport(Library)]
    internal static partial int ev_dropout_(nint x, double p, int training);

    [LibraryImport(Library)]
    internal static partial nint ev_avg_pool2d(nint x, long* k, long* s, long* p, int ceilMode, int includePad, long divisor);

    [LibraryImport(Library)]
    internal static partial nint ev_max_pool2d(nint x, long* k, long* s, long* p, long* d, int ceilMode);

    [LibraryImport(Library)]
    internal static partial nint ev_adaptive_avg_pool2d(nint x, long* size);

    [LibraryImport(Library)]
    internal static partial nint ev_unfold(nint x, long* k, long* d, long* p, long* s);

    [LibraryImport(Library)]
    internal static partial nint ev_one_hot(nint x, long classes);

    [LibraryImport(Library)]
    internal static partial nint ev_pad(nint x, long* pad, long n, int mode, double value);

    [LibraryImport(Library)]
    internal static partial nint ev_interpolate(nint x, long* size, double* scale, int mode, int align, int antialias);

    [LibraryImport(Library)]
    internal static partial nint ev_cross_entropy(nint x, nint target, nint weight, long reduction, long ignore, double smoothing);

    [LibraryImport(Library)]
    internal static partial nint ev_nll_loss(nint x, nint target, nint weight, long reduction, long ignore);

    [LibraryImport(Library)]
    internal static partial nint ev_kl_div(nint x, nint target, long reduction, int logTarget);

    [LibraryImport(Library)]
    internal static partial nint ev_mse_loss(nint x, nint target, long reduction);

    [LibraryImport(Library)]
    internal static partial nint ev_l1_loss(nint x, nint target, long reduction);

    [LibraryImport(Library)]
    internal static partial nint ev_smooth_l1_loss(nint x, nint target, long reduction, double beta);

    [LibraryImport(Library)]
    internal static partial nint ev_bce_with_logits(nint x, nint target, nint weight, nint posWeight, long reduction);

    [LibraryImport(Library)]
    internal static partial nint ev_attention(nint q, nint k, nint v, nint mask, double p, int causal);

    [LibraryImport(Library)]
    internal static partial int ev_clip_grad_norm(nint* parameters, long count, double maxNorm, double p, double* result);

    [LibraryImport(Library)]
    internal static partial int ev_clip_grad_value(nint* parameters, long count, double limit);
}
