using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Element-wise functions, arithmetic, comparisons.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial nint ev_abs(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_abs_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_neg(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_neg_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_sign(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_sign_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_exp(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_exp_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_expm1(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_expm1_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_log(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_log_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_log1p(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_log1p_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_log2(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_log2_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_log10(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_log10_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_sqrt(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_sqrt_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_rsqrt(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_rsqrt_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_square(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_reciprocal(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_reciprocal_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_floor(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_floor_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_ceil(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_ceil_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_trunc(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_trunc_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_frac(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_frac_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_sin(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_sin_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_cos(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_cos_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_tanh(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_tanh_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_sigmoid(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_sigmoid_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_relu(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_relu_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_erf(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_erf_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_erfinv(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_erfinv_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_logical_not(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_logical_not_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_not(nint t);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_not_(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_isnan(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_isfinite(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_isinf(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_mul(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_mul_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_mul_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_mul_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_remainder(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_remainder_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_remainder_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_remainder_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_fmod(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_fmod_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_fmod_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_fmod_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_pow(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_pow_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_pow_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_pow_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_eq(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_eq_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_eq_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_eq_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_ne(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_ne_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_ne_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_ne_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_lt(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_lt_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_lt_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_lt_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_le(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_le_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_le_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_le_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_gt(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_gt_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_gt_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_gt_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_ge(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_ge_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_ge_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_ge_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_and(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_and_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_and_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_and_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_or(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_or_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_or_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_or_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_xor(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_bitwise_xor_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_xor_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_bitwise_xor_s_(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_logical_and(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_logical_and_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_logical_or(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_logical_or_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_logical_xor(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_logical_xor_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_atan2(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial int ev_atan2_(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_maximum(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_minimum(nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_round_d(nint t, long decimals);

    [LibraryImport(Library)]
    internal static partial int ev_round_d_(nint t, long decimals);

    [LibraryImport(Library)]
    internal static partial nint ev_add(nint a, nint b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial nint ev_add_s(nint a, NativeScalar b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial int ev_add_(nint a, nint b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial int ev_add_s_(nint a, NativeScalar b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial nint ev_sub(nint a, nint b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial nint ev_sub_s(nint a, NativeScalar b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial int ev_sub_(nint a, nint b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial int ev_sub_s_(nint a, NativeScalar b, NativeScalar alpha);

    [LibraryImport(Library)]
    internal static partial nint ev_rsub_s(nint a, NativeScalar b);

    [LibraryImport(Library)]
    internal static partial nint ev_div(nint a, nint b, int mode);

    [LibraryImport(Library)]
    internal static partial nint ev_div_s(nint a, NativeScalar b, int mode);

    [LibraryImport(Library)]
    internal static partial int ev_div_(nint a, nint b, int mode);

    [LibraryImport(Library)]
    internal static partial int ev_div_s_(nint a, NativeScalar b, int mode);

    [LibraryImport(Library)]
    internal static partial nint ev_clamp(nint t, NativeScalar low, NativeScalar high);

    [LibraryImport(Library)]
    internal static partial nint ev_clamp_t(nint t, nint low, nint high);

    [LibraryImport(Library)]
    internal static partial int ev_clamp_(nint t, NativeScalar low, NativeScalar high);

    [LibraryImport(Library)]
    internal static partial int ev_clamp_t_(nint t, nint low, nint high);

    [LibraryImport(Library)]
    internal static partial nint ev_where(nint condition, nint a, nint b);

    [LibraryImport(Library)]
    internal static partial nint ev_masked_fill(nint t, nint mask, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial int ev_masked_fill_(nint t, nint mask, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial nint ev_lerp(nint a, nint b, NativeScalar weight);

    [LibraryImport(Library)]
    internal static partial nint ev_lerp_t(nint a, nint b, nint weight);

    [LibraryImport(Library)]
    internal static partial int ev_lerp_(nint a, nint b, NativeScalar weight);

    [LibraryImport(Library)]
    internal static partial int ev_lerp_t_(nint a, nint b, nint weight);

    [LibraryImport(Library)]
    internal static partial nint ev_addcmul(nint t, nint a, nint b, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial int ev_addcmul_(nint t, nint a, nint b, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial nint ev_addcdiv(nint t, nint a, nint b, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial int ev_addcdiv_(nint t, nint a, nint b, NativeScalar value);

    [LibraryImport(Library)]
    internal static partial nint ev_gelu(nint t, int tanhForm);

    [LibraryImport(Library)]
    internal static partial nint ev_silu(nint t);

    [LibraryImport(Library)]
    internal static partial nint ev_softplus(nint t, double beta, double threshold);

    [LibraryImport(Library)]
    internal static partial nint ev_leaky_relu(nint t, double slope);

    [LibraryImport(Library)]
    internal static partial nint ev_hardtanh(nint t, double low, double high);

    [LibraryImport(Library)]
    internal static partial nint ev_prelu(nint t, nint weight);

    [LibraryImport(Library)]
    internal static partial nint ev_softmax(nint t, long dim, int dtype);

    [LibraryImport(Library)]
    internal static partial nint ev_log_softmax(nint t, long dim, int dtype);

    [LibraryImport(Library)]
    internal static partial int ev_allclose(nint a, nint b, double rtol, double atol, int equalNan);

    [LibraryImport(Library)]
    internal static partial int ev_equal(nint a, nint b);
}
