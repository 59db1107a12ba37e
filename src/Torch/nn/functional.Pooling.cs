using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Means of windows of [n, c, h, w].</summary>
            public static unsafe Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null,
                bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null)
            {
                long[] kernel = Two(kernel_size, 1);
                fixed (long* k = kernel, s = stride is null ? kernel : Two(stride, 1), p = Two(padding, 0))
                    return Tensor.New(Native.ev_avg_pool2d(input.H, k, s, p, Native.Flag(ceil_mode), Native.Flag(count_include_pad),
                        divisor_override ?? 0), input);
            }

            /// <summary>Means of square windows.</summary>
            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null)

                    => avg_pool2d(input, [kernel_size], stride is { } s ? [s] : null, [padding], ceil_mode, count_include_pad,
                        divisor_override);

            /// <summary>Means of windows (height, width).</summary>
            public static Tensor avg_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null,
                (long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null)
                => avg_pool2d(input, Pair(kernel_size)!, Pair(stride), Pair(padding), ceil_mode, count_include_pad, divisor_override);

            /// <summary>Maxima of windows of [n, c, h, w].</summary>
            public static unsafe Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null,
                long[]? dilation = null, bool ceil_mode = false)
            {
                long[] kernel = Two(kernel_size, 1);
                fixed (long* k = kernel, s = strides is null ? kernel : Two(strides, 1), p = Two(padding, 0), d = Two(dilation, 1))
                    return Tensor.New(Native.ev_max_pool2d(input.H, k, s, p, d, Native.Flag(ceil_mode)), input);
            }

            /// <summary>Maxima of square windows.</summary>
            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null,
                long? dilation = null, bool ceil_mode = false)
                => max_pool2d(input, [kernel_size], stride is { } s ? [s] : null, [padding ?? 0], [dilation ?? 1], ceil_mode);

            /// <summary>Maxima of windows (height, width).</summary>
            public static Tensor max_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null,
                (long, long)? padding = null, (long, long)? dilation = null, bool ceil_mode = false)
                => max_pool2d(input, Pair(kernel_size)!, Pair(stride), Pair(padding), Pair(dilation), ceil_mode);

            /// <summary>Means of as many windows as the result has pixels.</summary>
            public static unsafe Tensor adaptive_avg_pool2d(Tensor input, long[] output_size)
            {
                fixed (long* p = Two(output_size, 1)) return Tensor.New(Native.ev_adaptive_avg_pool2d(input.H, p), input);
            }

            /// <summary>Means of as many windows as the result has pixels.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size)
                => adaptive_avg_pool2d(input, Pair(output_size)!);

            /// <summary>Means of as many windows as the result has pixels.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => adaptive_avg_pool2d(input, [output_size]);

            /// <summary>The windows of an image as columns [n, c * kh * kw, windows].</summary>
            public static Tensor unfold(Tensor input, long kernel_size, long dilation = 1, long padding = 0, long stride = 1)
                => unfold(input, (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            /// <summary>The windows of an image as columns [n, c * kh * kw, windows].</summary>
            public static unsafe Tensor unfold(Tensor input, (long, long) kernel_size, (long, long)? dilation = null,
                (long, long)? padding = null, (long, long)? stride = null)
            {
                fixed (long* k = Pair(kernel_size), d = Two(Pair(dilation), 1), p = Two(Pair(padding), 0), s = Two(Pair(stride), 1))
                    return Tensor.New(Native.ev_unfold(input.H, k, d, p, s), input);
            }

            /// <summary>An image [n, c, h, w] resized to a size, or by a factor per dimension.</summary>
            public static unsafe Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null,
                InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false,
                bool antialias = false)
            {
                if (size is null == scale_factor is null) throw new ArgumentException("Give either size or scale_factor.");
                double[]? factors = scale_factor is { Length: 1 } ? [scale_factor[0], scale_factor[0]] : scale_factor;
                if (recompute_scale_factor && factors is not null)
                {
                    long[] shape = x.shape;
                    size = [(long)Math.Floor(shape[2] * factors[0]), (long)Math.Floor(shape[3] * factors[1])];
                    factors = null;
                }
                fixed (long* s = size is null ? null : Two(size, 1))
                fixed (double* f = factors)
                    return Tensor.New(Native.ev_interpolate(x.H, s, f, (int)mode, Native.Flag(align_corners ?? false),
                        Native.Flag(antialias)), x);
            }

            internal static long[]? Pair((long, long)? value) => value is { } pair ? [pair.Item1, pair.Item2] : null;
        }
    }
}
