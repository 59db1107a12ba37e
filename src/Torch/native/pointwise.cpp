// Element-wise functions, arithmetic and comparisons.
#include "shim.h"

using namespace ev;

#define UNARY(name) EV_API T ev_##name(T t) { EV_TENSOR(at::name(*t)) }
#define UNARY_(name) UNARY(name) EV_API int ev_##name##_(T t) { EV_STATUS(t->name##_()) }

UNARY_(abs) UNARY_(neg) UNARY_(sign) UNARY_(exp) UNARY_(expm1) UNARY_(log) UNARY_(log1p) UNARY_(log2) UNARY_(log10) UNARY_(sqrt)
UNARY_(rsqrt)
UNARY(square) UNARY_(reciprocal) UNARY_(floor) UNARY_(ceil) UNARY_(trunc) UNARY_(frac) UNARY_(sin) UNARY_(cos) UNARY_(tanh)
UNARY_(sigmoid) UNARY_(relu) UNARY_(erf) UNARY_(erfinv) UNARY_(logical_not) UNARY_(bitwise_not)
UNARY(isnan) UNARY(isfinite) UNARY(isinf)

EV_API T ev_round_d(T t, int64_t decimals) { EV_TENSOR(at::round(*t, decimals)) }
EV_API int ev_round_d_(T t, int64_t decimals) { EV_STATUS(t->round_(decimals)) }

#define BINARY(name) EV_API T ev_##name(T a, T b) { EV_TENSOR(at::name(*a, *b)) }
#define BINARY_(name) BINARY(name) EV_API int ev_##name##_(T a, T b) { EV_STATUS(a->name##_(*b)) }
#define BINARY_S(name) BINARY(name) EV_API T ev_##name##_s(T a, EvScalar b) { EV_TENSOR(at::name(*a, scalar(b))) }
#define BINARY_S_(name) \
  BINARY_S(name) \
  EV_API int ev_##name##_(T a, T b) { EV_STATUS(a->name##_(*b)) } \
  EV_API int ev_##name##_s_(T a, EvScalar b) { EV_STATUS(a->name##_(scalar(b))) }

BINARY_S_(mul) BINARY_S_(remainder) BINARY_S_(fmod) BINARY_S_(pow)
BINARY_S_(eq) BINARY_S_(ne) BINARY_S_(lt) BINARY_S_(le) BINARY_S_(gt) BINARY_S_(ge)
BINARY_S_(bitwise_and) BINARY_S_(bitwise_or) BINARY_S_(bitwise_xor)
BINARY_(logical_and) BINARY_(logical_or) BINARY_(logical_xor) BINARY_(atan2)
BINARY(maximum) BINARY(minimum)

EV_API T ev_add(T a, T b, EvScalar alpha) { EV_TENSOR(at::add(*a, *b, scalar(alpha))) }
EV_API T ev_add_s(T a, EvScalar b, EvScalar alpha) { EV_TENSOR(at::add(*a, scalar(b), scalar(alpha))) }
EV_API int ev_add_(T a, T b, EvScalar alpha) { EV_STATUS(a->add_(*b, scalar(alpha))) }
EV_API int ev_add_s_(T a, EvScalar b, EvScalar alpha) { EV_STATUS(a->add_(scalar(b), scalar(alpha))) }
EV_API T ev_sub(T a, T b, EvScalar alpha) { EV_TENSOR(at::sub(*a, *b, scalar(alpha))) }
EV_API T ev_sub_s(T a, EvScalar b, EvScalar alpha) { EV_TENSOR(at::sub(*a, scalar(b), scalar(alpha))) }
EV_API int ev_sub_(T a, T b, EvScalar alpha) { EV_STATUS(a->sub_(*b, scalar(alpha))) }
EV_API int ev_sub_s_(T a, EvScalar b, EvScalar alpha) { EV_STATUS(a->sub_(scalar(b), scalar(alpha))) }
EV_API T ev_rsub_s(T a, EvScalar b) { EV_TENSOR(at::rsub(*a, scalar(b), 1)) }

using Rounding = ev::optional<c10::string_view>;
static Rounding rounding(int mode) { return mode == 1 ? Rounding("trunc") : mode == 2 ? Rounding("floor") : Rounding(); }
EV_API T ev_div(T a, T b, int mode) { EV_TENSOR(at::div(*a, *b, rounding(mode))) }
EV_API T ev_div_s(T a, EvScalar b, int mode) { EV_TENSOR(at::div(*a, scalar(b), rounding(mode))) }
EV_API int ev_div_(T a, T b, int mode) { EV_STATUS(a->div_(*b, rounding(mode))) }
EV_API int ev_div_s_(T a, EvScalar b, int mode) { EV_STATUS(a->div_(scalar(b), rounding(mode))) }

EV_API T ev_clamp(T t, EvScalar low, EvScalar high) { EV_TENSOR(at::clamp(*t, maybe(low), maybe(high))) }
EV_API T ev_clamp_t(T t, T low, T high) { EV_TENSOR(at::clamp(*t, maybe(low), maybe(high))) }
EV_API int ev_clamp_(T t, EvScalar low, EvScalar high) { EV_STATUS(t->clamp_(maybe(low), maybe(high))) }
EV_API int ev_clamp_t_(T t, T low, T high) { EV_STATUS(t->clamp_(maybe(low), maybe(high))) }

EV_API T ev_where(T condition, T a, T b) { EV_TENSOR(at::where(*condition, *a, *b)) }
EV_API T ev_masked_fill(T t, T mask, EvScalar value) { EV_TENSOR(at::masked_fill(*t, *mask, scalar(value))) }
EV_API int ev_masked_fill_(T t, T mask, EvScalar value) { EV_STATUS(t->masked_fill_(*mask, scalar(value))) }

EV_API T ev_lerp(T a, T b, EvScalar weight) { EV_TENSOR(at::lerp(*a, *b, scalar(weight))) }
EV_API T ev_lerp_t(T a, T b, T weight) { EV_TENSOR(at::lerp(*a, *b, *weight)) }
EV_API int ev_lerp_(T a, T b, EvScalar weight) { EV_STATUS(a->lerp_(*b, scalar(weight))) }
EV_API int ev_lerp_t_(T a, T b, T weight) { EV_STATUS(a->lerp_(*b, *weight)) }
EV_API T ev_addcmul(T t, T a, T b, EvScalar value) { EV_TENSOR(at::addcmul(*t, *a, *b, scalar(value))) }
EV_API int ev_addcmul_(T t, T a, T b, EvScalar value) { EV_STATUS(t->addcmul_(*a, *b, scalar(value))) }
EV_API T ev_addcdiv(T t, T a, T b, EvScalar value) { EV_TENSOR(at::addcdiv(*t, *a, *b, scalar(value))) }
EV_API int ev_addcdiv_(T t, T a, T b, EvScalar value) { EV_STATUS(t->addcdiv_(*a, *b, scalar(value))) }

EV_API T ev_gelu(T t, int tanh_form) { EV_TENSOR(at::gelu(*t, tanh_form ? "tanh" : "none")) }
EV_API T ev_silu(T t) { EV_TENSOR(at::silu(*t)) }
EV_API T ev_softplus(T t, double beta, double threshold) { EV_TENSOR(at::softplus(*t, beta, threshold)) }
EV_API T ev_leaky_relu(T t, double slope) { EV_TENSOR(at::leaky_relu(*t, slope)) }
EV_API T ev_hardtanh(T t, double low, double high) { EV_TENSOR(at::hardtanh(*t, low, high)) }
EV_API T ev_prelu(T t, T weight) { EV_TENSOR(at::prelu(*t, *weight)) }
EV_API T ev_softmax(T t, int64_t dim, int dtype) { EV_TENSOR(at::softmax(*t, dim, maybe_type(dtype))) }
EV_API T ev_log_softmax(T t, int64_t dim, int dtype) { EV_TENSOR(at::log_softmax(*t, dim, maybe_type(dtype))) }
EV_API int ev_allclose(T a, T b, double rtol, double atol, int equal_nan) {
  try {
    return at::allclose(*a, *b, rtol, atol, equal_nan != 0);
  } catch (...) {
    store_error();
    return -1;
  }
}
EV_API int ev_equal(T a, T b) {
  try {
    return at::equal(*a, *b);
  } catch (...) {
    store_error();
    return -1;
  }
}
