using TorchSharp.Interop;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp.Modules
{
    /// <summary>A convolution of [n, in, h, w]; weight [out, in / groups, kh, kw], bias [out].</summary>
    public sealed class Conv2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        [ComponentName(Name = nameof(weight))]
        private Parameter _weight;

        [ComponentName(Name = nameof(bias))]
        private Parameter? _bias;

        private readonly Padding? _named;

        internal Conv2d(long inChannels, long outChannels, (long, long) kernel, (long, long) stride, (long, long) padding, Padding? named,
            (long, long) dilation, PaddingModes mode, long groups, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(Conv2d))
        {
            in_channels = inChannels;
            out_channels = outChannels;
            kernel_size = [kernel.Item1, kernel.Item2];
            this.stride = [stride.Item1, stride.Item2];
            this.padding = [padding.Item1, padding.Item2];
            this.dilation = [dilation.Item1, dilation.Item2];
            this.groups = groups;
            padding_mode = mode;
            _named = named;
            _weight = new Parameter(torch.empty(outChannels, inChannels / groups, kernel.Item1, kernel.Item2, dtype, device));
            torch.nn.init.kaiming_uniform_(_weight, Math.Sqrt(5));
            if (hasBias)
            {
                _bias = new Parameter(torch.empty(outChannels, dtype, device));
                double bound = 1 / Math.Sqrt(inChannels / groups * kernel.Item1 * kernel.Item2);
                torch.nn.init.uniform_(_bias, -bound, bound);
            }
            RegisterComponents();
        }

        /// <summary>Channels of the input.</summary>
        public long in_channels { get; }

        /// <summary>Channels of the result.</summary>
        public long out_channels { get; }

        /// <summary>Height and width of the kernel.</summary>
        public long[] kernel_size { get; }

        /// <summary>Steps of the kernel.</summary>
        public long[] stride { get; }

        /// <summary>Border added at each side.</summary>
        public long[] padding { get; }

        /// <summary>Distance of the kernel's taps.</summary>
        public long[] dilation { get; }

        /// <summary>Independent groups of channels.</summary>
        public long groups { get; }

        /// <summary>What fills the border.</summary>
        public PaddingModes padding_mode { get; }

        /// <summary>Weights [out, in / groups, kh, kw].</summary>
        public Parameter weight { get => _weight; set => _weight = Replace(nameof(weight), value)!; }

        /// <summary>Offsets [out], or null.</summary>
        public Parameter? bias { get => _bias; set => _bias = Replace(nameof(bias), value); }

        /// <inheritdoc/>
        public override unsafe torch.Tensor forward(torch.Tensor input)
        {
            if (_named is not null)
            {
                fixed (long* s = stride, d = dilation)
                {
                    nint result = Native.ev_conv2d_named(input.H, _weight.H, torch.nn.functional.H(_bias), s, _named == Padding.Same
                        ? "same" : "valid", d, groups);
                    return torch.Tensor.New(result, input, _weight, _bias);
                }
            }
            if (padding_mode == PaddingModes.Zeros)
                return torch.nn.functional.conv2d(input, _weight, _bias, stride, padding, dilation, groups);
            using torch.Tensor framed = torch.nn.functional.pad(input, [padding[1], padding[1], padding[0], padding[0]], padding_mode);
            return torch.nn.functional.conv2d(framed, _weight, _bias, stride, [0, 0], dilation, groups);
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A convolution with a square kernel.</summary>
            public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0,
                long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null,
                ScalarType? dtype = null)

                    => new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), null,
                        (dilation, dilation), padding_mode, groups, bias, device, dtype);

            /// <summary>A convolution.</summary>
            public static Conv2d Conv2d(long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null,
                (long, long)? padding = null, (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros,
                long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null)

                    => new(in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), null, dilation ?? (1, 1),
                        padding_mode, groups, bias, device, dtype);

            /// <summary>A convolution with a square kernel and a named border.</summary>
            public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, Padding padding, long stride = 1,
                long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null,
                ScalarType? dtype = null)

                    => new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (0, 0), padding, (dilation, dilation),
                        padding_mode, groups, bias, device, dtype);
        }
    }
}
