namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Starting values of parameters, outside the graph.</summary>
        public static class init
        {
            /// <summary>The function after a layer, which decides how large its weights start.</summary>
            public enum NonlinearityType
            {
                /// <summary>None.</summary>
                Linear = 0,

                /// <summary>A convolution in one dimension.</summary>
                Conv1D = 1,

                /// <summary>A convolution in two dimensions.</summary>
                Conv2D = 2,

                /// <summary>A convolution in three dimensions.</summary>
                Conv3D = 3,

                /// <summary>A transposed convolution in one dimension.</summary>
                ConvTranspose1D = 4,

                /// <summary>A transposed convolution in two dimensions.</summary>
                ConvTranspose2D = 5,

                /// <summary>A transposed convolution in three dimensions.</summary>
                ConvTranspose3D = 6,

                /// <summary>1 / (1 + exp(-x)).</summary>
                Sigmoid = 7,

                /// <summary>Hyperbolic tangent.</summary>
                Tanh = 8,

                /// <summary>max(x, 0).</summary>
                ReLU = 9,

                /// <summary>x or slope * x.</summary>
                LeakyReLU = 10,
            }

            /// <summary>Which side of a layer keeps its variance.</summary>
            public enum FanInOut
            {
                /// <summary>The activations.</summary>
                FanIn = 0,

                /// <summary>The gradients.</summary>
                FanOut = 1,
            }

            /// <summary>How much a function shrinks the standard deviation, inverted.</summary>
            public static double calculate_gain(NonlinearityType nonlinearity, double param = 0.0) => nonlinearity switch
            {
                NonlinearityType.Tanh => 5.0 / 3,
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + (param * param))),
                _ => 1,
            };

            /// <summary>Fills with ones.</summary>
            public static Tensor ones_(Tensor tensor) => Quietly(tensor, t => t.fill_(1));

            /// <summary>Fills with zeros.</summary>
            public static Tensor zeros_(Tensor tensor) => Quietly(tensor, t => t.zero_());

            /// <summary>Fills with a value.</summary>
            public static Tensor constant_(Tensor tensor, Scalar val) => Quietly(tensor, t => t.fill_(val));

            /// <summary>Fills uniformly from [low, high).</summary>
            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1, Generator? generator = null)
                => Quietly(tensor, t => t.uniform_(low, high, generator));

            /// <summary>Fills with normally distributed numbers.</summary>
            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null)
                => Quietly(tensor, t => t.normal_(mean, std, generator));

            /// <summary>Fills with normally distributed numbers inside [a, b], by inverting the distribution function.</summary>
            public static Tensor trunc_normal_(Tensor tensor, double mean = 0.0, double std = 1.0, double a = -2.0, double b = 2.0,
                Generator? generator = null)
                => Quietly(tensor, t =>
            {
                using DisposeScope scope = NewDisposeScope();
                double low = Phi((a - mean) / std), high = Phi((b - mean) / std);
                t.uniform_((2 * low) - 1, (2 * high) - 1, generator);
                t.erfinv_();
                t.mul_(std * Math.Sqrt(2)).add_(mean).clamp_((Scalar)a, (Scalar)b);
            });

            /// <summary>Uniform with the bound gain * sqrt(3 / fan).</summary>
            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn,
                NonlinearityType nonlinearity = NonlinearityType.LeakyReLU)
            {
                double bound = Math.Sqrt(3) * calculate_gain(nonlinearity, a) / Math.Sqrt(Fan(tensor, mode));
                return uniform_(tensor, -bound, bound);
            }

            /// <summary>Normal with the standard deviation gain / sqrt(fan).</summary>
            public static Tensor kaiming_normal_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn,
                NonlinearityType nonlinearity = NonlinearityType.LeakyReLU)
                => normal_(tensor, 0, calculate_gain(nonlinearity, a) / Math.Sqrt(Fan(tensor, mode)));

            /// <summary>Uniform with the bound gain * sqrt(6 / (fan in + fan out)).</summary>
            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1.0)
            {
                (long fanIn, long fanOut) = CalculateFanInAndFanOut(tensor);
                double bound = gain * Math.Sqrt(6.0 / (fanIn + fanOut));
                return uniform_(tensor, -bound, bound);
            }

            /// <summary>Normal with the standard deviation gain * sqrt(2 / (fan in + fan out)).</summary>
            public static Tensor xavier_normal_(Tensor tensor, double gain = 1.0)
            {
                (long fanIn, long fanOut) = CalculateFanInAndFanOut(tensor);
                return normal_(tensor, 0, gain * Math.Sqrt(2.0 / (fanIn + fanOut)));
            }

            /// <summary>The inputs that reach an output, and the outputs that an input reaches.</summary>
            /// <exception cref="ArgumentException">The tensor has fewer than two dimensions.</exception>
            public static (long fanIn, long fanOut) CalculateFanInAndFanOut(Tensor tensor)
            {
                long[] shape = tensor.shape;
                if (shape.Length < 2) throw new ArgumentException("Fan in and fan out need a tensor of at least two dimensions.");
                long window = 1;
                for (int i = 2; i < shape.Length; i++) window *= shape[i];
                return (shape[1] * window, shape[0] * window);
            }

            private static long Fan(Tensor tensor, FanInOut mode)
            {
                (long fanIn, long fanOut) = CalculateFanInAndFanOut(tensor);
                return mode == FanInOut.FanIn ? fanIn : fanOut;
            }

            private static Tensor Quietly(Tensor tensor, Action<Tensor> change)
            {
                using (no_grad()) change(tensor);
                return tensor;
            }

            // The normal distribution function, from the error function of libtorch.
            private static double Phi(double x)
            {
                using Tensor value = torch.tensor(x / Math.Sqrt(2));
                using Tensor erf = value.erf();
                return 0.5 * (1 + erf.ToDouble());
            }
        }
    }
}
