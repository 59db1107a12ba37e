using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    private sealed class GradMode : IDisposable
    {
        private readonly int _before = Native.ev_grad_mode();

        internal GradMode(bool enabled) => Native.ev_set_grad_mode(Native.Flag(enabled));

        public void Dispose() => Native.ev_set_grad_mode(_before);
    }

    private sealed class InferenceMode : IDisposable
    {
        private nint _guard;

        internal InferenceMode(bool enabled)
        {
            _guard = Native.ev_inference_enter(Native.Flag(enabled));
            if (_guard == 0) throw Native.Error();
        }

        public void Dispose()
        {
            nint guard = Interlocked.Exchange(ref _guard, 0);
            if (guard != 0) Native.ev_inference_leave(guard);
        }
    }

    /// <summary>Until disposed, operations of this thread are not recorded for backward().</summary>
    public static IDisposable no_grad() => new GradMode(false);

    /// <summary>Until disposed, operations of this thread are recorded (or, given false, not).</summary>
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    /// <summary>Until disposed, operations of this thread are recorded (or, given false, not).</summary>
    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);

    /// <summary>Whether operations of this thread are recorded.</summary>
    public static bool is_grad_enabled() => Native.ev_grad_mode() != 0;

    /// <summary>Until disposed, tensors are made that can never take part in a graph.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    /// <summary>Whether inference mode is on in this thread.</summary>
    public static bool is_inference_mode_enabled() => Native.ev_is_inference() != 0;

    /// <summary>The threads that one operation may use.</summary>
    public static int get_num_threads() => Native.ev_threads();

    /// <summary>Sets the threads that one operation may use.</summary>
    public static void set_num_threads(int num) => Native.Check(Native.ev_set_threads(num));

    /// <summary>The threads for operations that run at the same time.</summary>
    public static int get_num_interop_threads() => Native.ev_interop_threads();

    /// <summary>Sets the threads for operations that run at the same time; once, before the first of them.</summary>
    public static void set_num_interop_threads(int num) => Native.Check(Native.ev_set_interop_threads(num));

    /// <summary>libtorch's version.</summary>
    public static unsafe string __version__ => Native.Text(Native.ev_version());

    /// <summary>Whether CUDA can be used.</summary>
    public static bool cuda_is_available() => cuda.is_available();

    /// <summary>NVIDIA GPUs.</summary>
    public static class cuda
    {
        /// <summary>Whether libtorch supports CUDA and there is a GPU.</summary>
        public static bool is_available() => device_count() > 0;

        /// <summary>Whether cuDNN can be used.</summary>
        public static bool is_cudnn_available() => is_available();

        /// <summary>The number of GPUs.</summary>
        public static int device_count() => Native.ev_cuda_devices();

        /// <summary>Seeds the generator of the first GPU.</summary>
        public static void manual_seed(long seed) => Native.Check(Native.ev_cuda_seed((ulong)seed, 0));

        /// <summary>Seeds the generators of all GPUs.</summary>
        public static void manual_seed_all(long seed) => Native.Check(Native.ev_cuda_seed((ulong)seed, 1));

        /// <summary>Waits until a GPU has done the work queued so far.</summary>
        public static void synchronize(Device? device = null)
            => Native.Check(Native.ev_cuda_synchronize(device is null ? -1 : device.index));
    }

    /// <summary>Settings of libtorch's back ends.</summary>
    public static class backends
    {
        /// <summary>CUDA's settings.</summary>
        public static class cuda
        {
            /// <summary>Matrix products.</summary>
            public static class matmul
            {
                /// <summary>Whether float32 products may use TF32, with 10 bits of mantissa.</summary>
                public static bool allow_tf32 { set => Native.ev_allow_tf32(Native.Flag(value)); }
            }
        }
    }
}
