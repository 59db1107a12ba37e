using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>How a division rounds.</summary>
    public enum RoundingMode
    {
        /// <summary>True division.</summary>
        None,

        /// <summary>Towards zero.</summary>
        trunc,

        /// <summary>Down.</summary>
        floor,
    }

    public partial class Tensor
    {
        /// <summary>Values limited to a range; a null bound does not limit.</summary>
        public Tensor clamp(Scalar? min = null, Scalar? max = null) => New(Native.ev_clamp(H, Scalar.Of(min), Scalar.Of(max)), this);

        /// <summary>Values limited to a range given by tensors.</summary>
        public Tensor clamp(Tensor? min = null, Tensor? max = null)
            => New(Native.ev_clamp_t(H, min is null ? 0 : min.H, max is null ? 0 : max.H), this, min, max);

        /// <summary>Limits the values to a range, in place.</summary>
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Self(Native.ev_clamp_(H, Scalar.Of(min), Scalar.Of(max)));

        /// <summary>Limits the values to a range given by tensors, in place.</summary>
        public Tensor clamp_(Tensor? min = null, Tensor? max = null)
            => Self(Native.ev_clamp_t_(H, min is null ? 0 : min.H, max is null ? 0 : max.H), min, max);

        /// <summary>max(x, min).</summary>
        public Tensor clamp_min(Scalar min) => New(Native.ev_clamp(H, Scalar.Of(min), default), this);

        /// <summary>min(x, max).</summary>
        public Tensor clamp_max(Scalar max) => New(Native.ev_clamp(H, default, Scalar.Of(max)), this);

        /// <summary>max(x, min) in place.</summary>
        public Tensor clamp_min_(Scalar min) => Self(Native.ev_clamp_(H, Scalar.Of(min), default));

        /// <summary>min(x, max) in place.</summary>
        public Tensor clamp_max_(Scalar max) => Self(Native.ev_clamp_(H, default, Scalar.Of(max)));

        /// <summary>The larger of both, element by element.</summary>
        public Tensor maximum(Tensor other) => New(Native.ev_maximum(H, other.H), this, other);

        /// <summary>The smaller of both, element by element.</summary>
        public Tensor minimum(Tensor other) => New(Native.ev_minimum(H, other.H), this, other);

        /// <summary>The angle of the point (other, this).</summary>
        public Tensor atan2(Tensor other) => New(Native.ev_atan2(H, other.H), this, other);

        /// <summary>This tensor where the condition holds, <paramref name="y"/> elsewhere.</summary>
        public Tensor where(Tensor condition, Tensor y) => torch.where(condition, this, y);

        /// <summary>A copy with a value where the mask is true.</summary>
        public Tensor masked_fill(Tensor mask, Scalar value) => New(Native.ev_masked_fill(H, mask.H, Scalar.Of(value)), this, mask);

        /// <summary>Writes a value where the mask is true.</summary>
        public Tensor masked_fill_(Tensor mask, Scalar value) => Self(Native.ev_masked_fill_(H, mask.H, Scalar.Of(value)), mask);

        /// <summary>this + weight * (end - this).</summary>
        public Tensor lerp(Tensor end, Tensor weight) => New(Native.ev_lerp_t(H, end.H, weight.H), this, end, weight);

        /// <summary>this + weight * (end - this), in place.</summary>
        public Tensor lerp_(Tensor end, Tensor weight) => Self(Native.ev_lerp_t_(H, end.H, weight.H), end, weight);

        /// <summary>this + value * tensor1 * tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value)
            => New(Native.ev_addcmul(H, tensor1.H, tensor2.H, Scalar.Of(value)), this, tensor1, tensor2);

        /// <summary>this + value * tensor1 * tensor2, in place.</summary>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value)
            => Self(Native.ev_addcmul_(H, tensor1.H, tensor2.H, Scalar.Of(value)), tensor1, tensor2);

        /// <summary>this + value * tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value)
            => New(Native.ev_addcdiv(H, tensor1.H, tensor2.H, Scalar.Of(value)), this, tensor1, tensor2);

        /// <summary>this + value * tensor1 / tensor2, in place.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value)
            => Self(Native.ev_addcdiv_(H, tensor1.H, tensor2.H, Scalar.Of(value)), tensor1, tensor2);

        /// <summary>this + tensor1 / tensor2, in place.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2)
            => Self(Native.ev_addcdiv_(H, tensor1.H, tensor2.H, Scalar.One), tensor1, tensor2);

        /// <summary>The Gaussian error linear unit.</summary>
        public Tensor gelu() => New(Native.ev_gelu(H, 0), this);

        /// <summary>x * sigmoid(x).</summary>
        public Tensor silu() => New(Native.ev_silu(H), this);

        /// <summary>log(1 + exp(beta x)) / beta; linear above the threshold.</summary>
        public Tensor softplus(double beta = 1, double threshold = 20) => New(Native.ev_softplus(H, beta, threshold), this);

        /// <summary>x where positive, weight * x elsewhere; one weight, or one per channel (dimension 1).</summary>
        public Tensor prelu(Tensor target) => New(Native.ev_prelu(H, target.H), this, target);

        /// <summary>exp(x) divided by its sum along a dimension.</summary>
        public Tensor softmax(long dim, ScalarType? dtype = null) => New(Native.ev_softmax(H, dim, TypeCode(dtype)), this);

        /// <summary>The logarithm of softmax.</summary>
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => New(Native.ev_log_softmax(H, dim, TypeCode(dtype)), this);

        /// <summary>Whether all elements are within atol + rtol * |target| of the target's.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            int result = Native.ev_allclose(H, target.H, rtol, atol, Native.Flag(equal_nan));
            Self(result, target);
            return result == 1;
        }

        /// <summary>Whether both have the same size and the same elements.</summary>
        public bool equal(Tensor target)
        {
            int result = Native.ev_equal(H, target.H);
            Self(result, target);
            return result == 1;
        }

        internal static int TypeCode(ScalarType? type) => type is null ? -1 : (int)type.Value;
    }

    /// <summary>Values limited to a range; a null bound does not limit.</summary>
    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);

    /// <summary>Values limited to a range given by tensors.</summary>
    public static Tensor clamp(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp(min, max);

    /// <inheritdoc cref="Tensor.maximum(Tensor)"/>
    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);

    /// <inheritdoc cref="Tensor.minimum(Tensor)"/>
    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);

    /// <summary><paramref name="x"/> where the condition holds, <paramref name="y"/> elsewhere.</summary>
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Tensor.New(Native.ev_where(condition.H, x.H, y.H), condition, x, y);

    /// <summary>The positions where the condition holds: one tensor of indices per dimension.</summary>
    public static unsafe Tensor[] where(Tensor condition)
    {
        long count;
        return Tensor.Many(Native.ev_where_list(condition.H, &count), count, condition);
    }

    /// <summary>exp(x) divided by its sum along a dimension.</summary>
    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

    /// <summary>input + weight * (end - input).</summary>
    public static Tensor lerp(Tensor input, Tensor end, Tensor weight) => input.lerp(end, weight);

    /// <inheritdoc cref="Tensor.allclose(Tensor, double, double, bool)"/>
    public static bool allclose(Tensor tensor, Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        => tensor.allclose(target, rtol, atol, equal_nan);

    internal static Tensor Contiguous(Tensor tensor) => tensor.contiguous();
}
