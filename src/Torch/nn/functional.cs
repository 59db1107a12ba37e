using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>What fills the border around an image.</summary>
public enum PaddingModes
{
    /// <summary>Zeros.</summary>
    Zeros = 0,

    /// <summary>The image mirrored at its edge.</summary>
    Reflect = 1,

    /// <summary>The pixel at the edge.</summary>
    Replicate = 2,

    /// <summary>The opposite side.</summary>
    Circular = 3,

    /// <summary>A given value.</summary>
    Constant = 4,
}

/// <summary>How much border a convolution adds.</summary>
public enum Padding
{
    /// <summary>None.</summary>
    Valid = 0,

    /// <summary>So much that the size stays.</summary>
    Same = 1,
}

public static partial class torch
{
    /// <summary>How an image is resized.</summary>
    public enum InterpolationMode
    {
        /// <summary>The nearest pixel.</summary>
        Nearest = 0,

        /// <summary>Linear in one dimension.</summary>
        Linear = 1,

        /// <summary>Linear in two dimensions.</summary>
        Bilinear = 2,

        /// <summary>Cubic in two dimensions.</summary>
        Bicubic = 3,

        /// <summary>Linear in three dimensions.</summary>
        Trilinear = 4,

        /// <summary>The mean of the covered area.</summary>
        Area = 5,

        /// <summary>The nearest pixel, with exact rounding.</summary>
        NearestExact = 6,
    }

    public static partial class nn
    {
        /// <summary>How the losses of a batch become one.</summary>
        public enum Reduction : long
        {
            /// <summary>They stay as they are.</summary>
            None = 0,

            /// <summary>Their mean.</summary>
            Mean = 1,

            /// <summary>Their sum.</summary>
            Sum = 2,
        }

        /// <summary>Layers as functions.</summary>
        public static partial class functional
        {
            /// <summary>input weights^T + bias, for weights [out, in].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null)
                => Tensor.New(Native.ev_linear(input.H, weights.H, H(bias)), input, weights, bias);

            /// <summary>A convolution of [n, in, h, w] with weights [out, in / groups, kh, kw].</summary>
            public static unsafe Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null,
                long[]? padding = null, long[]? dilation = null, long groups = 1)
            {
                fixed (long* s = Two(strides, 1), p = Two(padding, 0), d = Two(dilation, 1))
                    return Tensor.New(Native.ev_conv2d(input.H, weight.H, H(bias), s, p, d, groups), input, weight, bias);
            }

            /// <summary>
            /// Normalises the channels (dimension 1): with the batch's statistics in training, with the running ones otherwise.
            /// </summary>
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null,
                Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5)
            {
                Tensor result = Tensor.New(Native.ev_batch_norm(input.H, H(weight), H(bias), H(running_mean), H(running_var),
                    Native.Flag(training), momentum, eps), input, weight, bias, running_mean);
                GC.KeepAlive(running_var);
                return result;
            }

            /// <summary>Normalises over the last dimensions.</summary>
            public static unsafe Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null,
                double eps = 1e-05)
            {
                fixed (long* p = normalized_shape)
                    return Tensor.New(Native.ev_layer_norm(input.H, p, normalized_shape.Length, H(weight), H(bias), eps), input, weight,
                        bias);
            }

            /// <summary>x where positive, weight * x elsewhere; one weight, or one per channel (dimension 1).</summary>
            public static Tensor prelu(Tensor input, Tensor weight) => input.prelu(weight);

            /// <summary>max(x, 0).</summary>
            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();

            /// <summary>The Gaussian error linear unit.</summary>
            public static Tensor gelu(Tensor x) => x.gelu();

            /// <summary>The Gaussian error linear unit.</summary>
            public static Tensor gelu(Tensor x, bool inplace) => inplace ? x.copy_(x.gelu()).alias() : x.gelu();

            /// <summary>x * sigmoid(x).</summary>
            public static Tensor silu(Tensor x, bool inplace = false) => inplace ? x.copy_(x.silu()).alias() : x.silu();

            /// <summary>1 / (1 + exp(-x)).</summary>
            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            /// <summary>Hyperbolic tangents.</summary>
            public static Tensor tanh(Tensor x, bool inplace = false) => inplace ? x.tanh_().alias() : x.tanh();

            /// <summary>x where positive, slope * x elsewhere.</summary>
            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false)
            {
                Tensor result = Tensor.New(Native.ev_leaky_relu(input.H, negative_slope), input);
                return inplace ? input.copy_(result).alias() : result;
            }

            /// <summary>Values limited to [min_val, max_val].</summary>
            public static Tensor hardtanh(Tensor x, double min_val = -1.0, double max_val = 1.0, bool inplace = false)
                => inplace ? x.clamp_((Scalar)min_val, (Scalar)max_val).alias() : Tensor.New(Native.ev_hardtanh(x.H, min_val, max_val), x);

            /// <summary>exp(x) divided by its sum along a dimension.</summary>
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            /// <summary>The logarithm of softmax.</summary>
            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            /// <summary>In training, elements zeroed with probability p and the others scaled by 1 / (1 - p).</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)

                    => inplace ? input.Self(Native.ev_dropout_(input.H, p, Native.Flag(training))).alias()
                        : Tensor.New(Native.ev_dropout(input.H, p, Native.Flag(training)), input);

            /// <summary>Integers as vectors with a single one; -1 takes the number of classes from the largest.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1) => Tensor.New(Native.ev_one_hot(x.H, num_classes), x);

            /// <summary>Vectors along a dimension divided by their p-norm (at least eps).</summary>
            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1L, double eps = 1e-12)
                => WrappedTensorDisposeScope(() => input / input.norm((int)dim, true, (float)p).clamp_min(eps).expand_as(input));

            /// <summary>The cosine of the angle between vectors along a dimension.</summary>
            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1L, double eps = 1e-8)
                => Tensor.New(Native.ev_cosine_similarity(x1.H, x2.H, dim, eps), x1, x2);

            /// <summary>softmax(q k^T / sqrt(d) + mask) v.</summary>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null,
                double p = 0.0, bool is_casual = false)

                    => Tensor.New(Native.ev_attention(query.H, key.H, value.H, H(attn_mask), p, Native.Flag(is_casual)), query, key, value,
                        attn_mask);

            /// <summary>Adds a border; the numbers are (before, after) pairs, the last dimension first.</summary>
            public static unsafe Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant,
                double value = 0)
            {
                fixed (long* p = pad) return Tensor.New(Native.ev_pad(input.H, p, pad.Length, (int)mode, value), input);
            }

            /// <summary>Adds a border; the numbers are (before, after) pairs, the last dimension first.</summary>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
                => functional.pad(input, pad.AsSpan(), mode, value);

            /// <summary>Adds a border to the last dimension.</summary>
            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
                => functional.pad(input, [pad.Item1, pad.Item2], mode, value);

            /// <summary>Adds a border to the last two dimensions.</summary>
            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant,
                double value = 0)
                => functional.pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            internal static nint H(Tensor? tensor) => tensor is null ? 0 : tensor.H;

            internal static long[] Two(long[]? values, long otherwise) => values switch
            {
                null => [otherwise, otherwise],
                [var one] => [one, one],
                [_, _] => values,
                _ => throw new ArgumentException($"One number or two (height, width) are needed, not {values.Length}."),
            };
        }
    }
}
