using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Absolute values.</summary>
        public Tensor abs() => New(Native.ev_abs(H), this);

        /// <summary>Absolute values, in place.</summary>
        public Tensor abs_() => Self(Native.ev_abs_(H));

        /// <summary>Negated values.</summary>
        public Tensor neg() => New(Native.ev_neg(H), this);

        /// <summary>Negated values, in place.</summary>
        public Tensor neg_() => Self(Native.ev_neg_(H));

        /// <summary>Signs: -1, 0 or 1.</summary>
        public Tensor sign() => New(Native.ev_sign(H), this);

        /// <summary>Signs: -1, 0 or 1, in place.</summary>
        public Tensor sign_() => Self(Native.ev_sign_(H));

        /// <summary>e to the power of the values.</summary>
        public Tensor exp() => New(Native.ev_exp(H), this);

        /// <summary>e to the power of the values, in place.</summary>
        public Tensor exp_() => Self(Native.ev_exp_(H));

        /// <summary>exp(x) - 1, exact near zero.</summary>
        public Tensor expm1() => New(Native.ev_expm1(H), this);

        /// <summary>exp(x) - 1, exact near zero, in place.</summary>
        public Tensor expm1_() => Self(Native.ev_expm1_(H));

        /// <summary>Natural logarithms.</summary>
        public Tensor log() => New(Native.ev_log(H), this);

        /// <summary>Natural logarithms, in place.</summary>
        public Tensor log_() => Self(Native.ev_log_(H));

        /// <summary>log(1 + x), exact near zero.</summary>
        public Tensor log1p() => New(Native.ev_log1p(H), this);

        /// <summary>log(1 + x), exact near zero, in place.</summary>
        public Tensor log1p_() => Self(Native.ev_log1p_(H));

        /// <summary>Logarithms to base 2.</summary>
        public Tensor log2() => New(Native.ev_log2(H), this);

        /// <summary>Logarithms to base 2, in place.</summary>
        public Tensor log2_() => Self(Native.ev_log2_(H));

        /// <summary>Logarithms to base 10.</summary>
        public Tensor log10() => New(Native.ev_log10(H), this);

        /// <summary>Logarithms to base 10, in place.</summary>
        public Tensor log10_() => Self(Native.ev_log10_(H));

        /// <summary>Square roots.</summary>
        public Tensor sqrt() => New(Native.ev_sqrt(H), this);

        /// <summary>Square roots, in place.</summary>
        public Tensor sqrt_() => Self(Native.ev_sqrt_(H));

        /// <summary>Reciprocal square roots.</summary>
        public Tensor rsqrt() => New(Native.ev_rsqrt(H), this);

        /// <summary>Reciprocal square roots, in place.</summary>
        public Tensor rsqrt_() => Self(Native.ev_rsqrt_(H));

        /// <summary>Squares.</summary>
        public Tensor square() => New(Native.ev_square(H), this);

        /// <summary>Reciprocals.</summary>
        public Tensor reciprocal() => New(Native.ev_reciprocal(H), this);

        /// <summary>Reciprocals, in place.</summary>
        public Tensor reciprocal_() => Self(Native.ev_reciprocal_(H));

        /// <summary>Values rounded to a number of decimals, halves to the even digit.</summary>
        public Tensor round(long decimals = 0L) => New(Native.ev_round_d(H, decimals), this);

        /// <summary>Values rounded to a number of decimals, halves to the even digit, in place.</summary>
        public Tensor round_(long decimals = 0L) => Self(Native.ev_round_d_(H, decimals));

        /// <summary>Values rounded down.</summary>
        public Tensor floor() => New(Native.ev_floor(H), this);

        /// <summary>Values rounded down, in place.</summary>
        public Tensor floor_() => Self(Native.ev_floor_(H));

        /// <summary>Values rounded up.</summary>
        public Tensor ceil() => New(Native.ev_ceil(H), this);

        /// <summary>Values rounded up, in place.</summary>
        public Tensor ceil_() => Self(Native.ev_ceil_(H));

        /// <summary>Values rounded towards zero.</summary>
        public Tensor trunc() => New(Native.ev_trunc(H), this);

        /// <summary>Values rounded towards zero, in place.</summary>
        public Tensor trunc_() => Self(Native.ev_trunc_(H));

        /// <summary>The fractional parts.</summary>
        public Tensor frac() => New(Native.ev_frac(H), this);

        /// <summary>The fractional parts, in place.</summary>
        public Tensor frac_() => Self(Native.ev_frac_(H));

        /// <summary>Sines.</summary>
        public Tensor sin() => New(Native.ev_sin(H), this);

        /// <summary>Sines, in place.</summary>
        public Tensor sin_() => Self(Native.ev_sin_(H));

        /// <summary>Cosines.</summary>
        public Tensor cos() => New(Native.ev_cos(H), this);

        /// <summary>Cosines, in place.</summary>
        public Tensor cos_() => Self(Native.ev_cos_(H));

        /// <summary>Hyperbolic tangents.</summary>
        public Tensor tanh() => New(Native.ev_tanh(H), this);

        /// <summary>Hyperbolic tangents, in place.</summary>
        public Tensor tanh_() => Self(Native.ev_tanh_(H));

        /// <summary>1 / (1 + exp(-x)).</summary>
        public Tensor sigmoid() => New(Native.ev_sigmoid(H), this);

        /// <summary>1 / (1 + exp(-x)), in place.</summary>
        public Tensor sigmoid_() => Self(Native.ev_sigmoid_(H));

        /// <summary>max(x, 0).</summary>
        public Tensor relu() => New(Native.ev_relu(H), this);

        /// <summary>max(x, 0), in place.</summary>
        public Tensor relu_() => Self(Native.ev_relu_(H));

        /// <summary>The error function.</summary>
        public Tensor erf() => New(Native.ev_erf(H), this);

        /// <summary>The error function, in place.</summary>
        public Tensor erf_() => Self(Native.ev_erf_(H));

        /// <summary>The inverse of the error function.</summary>
        public Tensor erfinv() => New(Native.ev_erfinv(H), this);

        /// <summary>The inverse of the error function, in place.</summary>
        public Tensor erfinv_() => Self(Native.ev_erfinv_(H));

        /// <summary>Whether the values are zero.</summary>
        public Tensor logical_not() => New(Native.ev_logical_not(H), this);

        /// <summary>Whether the values are zero, in place.</summary>
        public Tensor logical_not_() => Self(Native.ev_logical_not_(H));

        /// <summary>Inverted bits; logical not for booleans.</summary>
        public Tensor bitwise_not() => New(Native.ev_bitwise_not(H), this);

        /// <summary>Inverted bits; logical not for booleans, in place.</summary>
        public Tensor bitwise_not_() => Self(Native.ev_bitwise_not_(H));

        /// <summary>Whether the values are not numbers.</summary>
        public Tensor isnan() => New(Native.ev_isnan(H), this);

        /// <summary>Whether the values are finite.</summary>
        public Tensor isfinite() => New(Native.ev_isfinite(H), this);

        /// <summary>Whether the values are infinite.</summary>
        public Tensor isinf() => New(Native.ev_isinf(H), this);

        /// <summary>Negated values.</summary>
        public Tensor negative() => neg();

        /// <summary>Absolute values.</summary>
        public Tensor absolute() => abs();
    }
}
