using TorchSharp.Modules;
using TorchSharp.Utils;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules
{
    /// <summary>Means of windows of [n, c, h, w].</summary>
    public sealed class AvgPool2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal AvgPool2d(long[] kernel, long[]? stride, long[]? padding, bool ceilMode, bool includePad, long? divisor)
            : base(nameof(AvgPool2d))
        {
            kernel_size = F.Two(kernel, 1);
            this.stride = stride is null ? kernel_size : F.Two(stride, 1);
            this.padding = F.Two(padding, 0);
            ceil_mode = ceilMode;
            count_include_pad = includePad;
            divisor_override = divisor;
        }

        /// <summary>Height and width of a window.</summary>
        public long[] kernel_size { get; set; }

        /// <summary>Steps of the window.</summary>
        public long[] stride { get; set; }

        /// <summary>Border of zeros at each side.</summary>
        public long[] padding { get; set; }

        /// <summary>Whether windows may run over the edge.</summary>
        public bool ceil_mode { get; set; }

        /// <summary>Whether the border counts in the mean.</summary>
        public bool count_include_pad { get; set; }

        /// <summary>Divides by this instead of the number of pixels.</summary>
        public long? divisor_override { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input)
            => F.avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override);
    }

    /// <summary>Maxima of windows of [n, c, h, w].</summary>
    public sealed class MaxPool2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal MaxPool2d(long[] kernel, long[]? stride, long[]? padding, long[]? dilation, bool ceilMode) : base(nameof(MaxPool2d))
        {
            kernel_size = F.Two(kernel, 1);
            this.stride = stride is null ? kernel_size : F.Two(stride, 1);
            this.padding = F.Two(padding, 0);
            this.dilation = F.Two(dilation, 1);
            ceil_mode = ceilMode;
        }

        /// <summary>Height and width of a window.</summary>
        public long[] kernel_size { get; set; }

        /// <summary>Steps of the window.</summary>
        public long[] stride { get; set; }

        /// <summary>Border at each side.</summary>
        public long[] padding { get; set; }

        /// <summary>Distance of the pixels of a window.</summary>
        public long[] dilation { get; set; }

        /// <summary>Whether windows may run over the edge.</summary>
        public bool ceil_mode { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => F.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode);
    }

    /// <summary>Means of as many windows as the result has pixels.</summary>
    public sealed class AdaptiveAvgPool2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal AdaptiveAvgPool2d(long[] size) : base(nameof(AdaptiveAvgPool2d)) => output_size = F.Two(size, 1);

        /// <summary>Height and width of the result.</summary>
        public long[] output_size { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => F.adaptive_avg_pool2d(input, output_size);
    }

    /// <summary>x where positive, weight * x elsewhere; one weight, or one per channel (dimension 1).</summary>
    public sealed class PReLU : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        [ComponentName(Name = nameof(weight))]
        private Parameter _weight;

        internal PReLU(long count, double init, torch.Device? device, torch.ScalarType? dtype) : base(nameof(PReLU))
        {
            this.init = init;
            _weight = new Parameter(torch.full([count], init, dtype, device));
            RegisterComponents();
        }

        /// <summary>The slopes for negative values.</summary>
        public Parameter weight { get => _weight; set => _weight = Replace(nameof(weight), value)!; }

        /// <summary>The number of slopes.</summary>
        public long num_parameters => _weight.numel();

        /// <summary>The value that the slopes start from.</summary>
        public double init { get; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => tensor.prelu(_weight);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Means of windows.</summary>
            public static AvgPool2d AvgPool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null)
                => new(kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override);

            /// <summary>Means of windows (height, width).</summary>
            public static AvgPool2d AvgPool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null)

                    => new(functional.Pair(kernel_size)!, functional.Pair(stride), functional.Pair(padding), ceil_mode, count_include_pad,
                        divisor_override);

            /// <summary>Means of square windows.</summary>
            public static AvgPool2d AvgPool2d(long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null)

                    => new([kernel_size], stride is { } s ? [s] : null, padding is { } p ? [p] : null, ceil_mode, count_include_pad,
                        divisor_override);

            /// <summary>Maxima of windows.</summary>
            public static MaxPool2d MaxPool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? dilation = null,
                bool ceil_mode = false)
                => new(kernel_size, stride, padding, dilation, ceil_mode);

            /// <summary>Maxima of square windows.</summary>
            public static MaxPool2d MaxPool2d(long kernel_size, long? stride = null, long? padding = null, long? dilation = null,
                bool ceil_mode = false)

                    => new([kernel_size], stride is { } s ? [s] : null, padding is { } p ? [p] : null, dilation is { } d ? [d] : null,
                        ceil_mode);

            /// <summary>Means of as many windows as the result has pixels.</summary>
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long[] output_size) => new(output_size);

            /// <summary>Means of as many windows as the result has pixels.</summary>
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d((long, long) output_size) => new(functional.Pair(output_size)!);

            /// <summary>Means of as many windows as the result has pixels.</summary>
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long output_size) => new([output_size]);

            /// <summary>x where positive, weight * x elsewhere.</summary>
            public static PReLU PReLU(long num_parameters, double init = 0.25, Device? device = null, ScalarType? dtype = null)
                => new(num_parameters, init, device, dtype);
        }
    }
}
