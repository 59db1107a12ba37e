// Layers as functions, losses and gradient clipping.
#include "shim.h"
#include <cmath>

using namespace ev;

EV_API T ev_linear(T x, T w, T b) { EV_TENSOR(at::linear(*x, *w, maybe(b))) }

EV_API T ev_conv2d(T x, T w, T b, const int64_t* stride, const int64_t* padding, const int64_t* dilation, int64_t groups) {
  EV_TENSOR(at::conv2d(*x, *w, maybe(b), sizes(stride, 2), sizes(padding, 2), sizes(dilation, 2), groups))
}
EV_API T ev_conv2d_named(T x, T w, T b, const int64_t* stride, const char* padding, const int64_t* dilation, int64_t groups) {
  EV_TENSOR(at::conv2d(*x, *w, maybe(b), sizes(stride, 2), padding, sizes(dilation, 2), groups))
}

EV_API T ev_batch_norm(T x, T w, T b, T mean, T var, int training, double momentum, double eps) {
  const bool cudnn = at::globalContext().userEnabledCuDNN();
  EV_TENSOR(at::batch_norm(*x, maybe(w), maybe(b), maybe(mean), maybe(var), training != 0, momentum, eps, cudnn))
}
EV_API T ev_layer_norm(T x, const int64_t* shape, int64_t n, T w, T b, double eps) {
  EV_TENSOR(at::layer_norm(*x, sizes(shape, n), maybe(w), maybe(b), eps))
}
EV_API T ev_dropout(T x, double p, int training) { EV_TENSOR(at::dropout(*x, p, training != 0)) }
EV_API int ev_dropout_(T x, double p, int training) { EV_STATUS(at::dropout_(*x, p, training != 0)) }

EV_API T ev_avg_pool2d(T x, const int64_t* k, const int64_t* s, const int64_t* p, int ceil_mode, int include_pad, int64_t divisor) {
  const auto fixed = divisor > 0 ? ev::optional<int64_t>(divisor) : ev::optional<int64_t>();
  EV_TENSOR(at::avg_pool2d(*x, sizes(k, 2), sizes(s, 2), sizes(p, 2), ceil_mode != 0, include_pad != 0, fixed))
}
EV_API T ev_max_pool2d(T x, const int64_t* k, const int64_t* s, const int64_t* p, const int64_t* d, int ceil_mode) {
  EV_TENSOR(at::max_pool2d(*x, sizes(k, 2), sizes(s, 2), sizes(p, 2), sizes(d, 2), ceil_mode != 0))
}
EV_API T ev_adaptive_avg_pool2d(T x, const int64_t* size) { EV_TENSOR(at::adaptive_avg_pool2d(*x, sizes(size, 2))) }
EV_API T ev_unfold(T x, const int64_t* k, const int64_t* d, const int64_t* p, const int64_t* s) {
  EV_TENSOR(at::im2col(*x, sizes(k, 2), sizes(d, 2), sizes(p, 2), sizes(s, 2)))
}
EV_API T ev_one_hot(T x, int64_t classes) { EV_TENSOR(at::one_hot(*x, classes)) }

// mode: 1 reflect, 2 replicate, 3 circular, otherwise constant.
EV_API T ev_pad(T x, const int64_t* pad, int64_t n, int mode, double value) {
  try {
    const char* name = mode == 1 ? "reflect" : mode == 2 ? "replicate" : mode == 3 ? "circular" : "constant";
    return own(at::pad(*x, sizes(pad, n), name, mode >= 1 && mode <= 3 ? ev::optional<double>() : ev::optional<double>(value)));
  } catch (...) {
    store_error();
    return nullptr;
  }
}

// mode: 0 nearest, 2 bilinear, 3 bicubic, 5 area, 6 nearest-exact. Either size (2 values) or scale (2 values) is given.
EV_API T ev_interpolate(T x, const int64_t* size, const double* scale, int mode, int align, int antialias) {
  try {
    TORCH_CHECK(x->dim() == 4, "interpolate takes a tensor of 4 dimensions [batch, channels, height, width], got ", x->dim());
    std::vector<int64_t> out;
    ev::optional<double> sh, sw;
    for (int i = 0; i < 2; i++)
      out.push_back(size ? size[i] : static_cast<int64_t>(std::floor(static_cast<double>(x->size(2 + i)) * scale[i])));
    if (!size) {
      sh = scale[0];
      sw = scale[1];
    }
    const bool corners = align != 0;
    switch (mode) {
      case 0: return own(at::upsample_nearest2d(*x, out, sh, sw));
      case 2:
        if (antialias) return own(at::_upsample_bilinear2d_aa(*x, out, corners, sh, sw));
        return own(at::upsample_bilinear2d(*x, out, corners, sh, sw));
      case 3:
        if (antialias) return own(at::_upsample_bicubic2d_aa(*x, out, corners, sh, sw));
        return own(at::upsample_bicubic2d(*x, out, corners, sh, sw));
      case 5: return own(at::adaptive_avg_pool2d(*x, out));
      case 6: return own(at::_upsample_nearest_exact2d(*x, out, sh, sw));
      default: TORCH_CHECK(false, "interpolate supports the modes Nearest, Bilinear, Bicubic, Area and NearestExact for images");
    }
  } catch (...) {
    store_error();
    return nullptr;
  }
}

EV_API T ev_cross_entropy(T x, T target, T weight, int64_t reduction, int64_t ignore, double smoothing) {
  EV_TENSOR(at::cross_entropy_loss(*x, *target, maybe(weight), reduction, ignore, smoothing))
}
EV_API T ev_nll_loss(T x, T target, T weight, int64_t reduction, int64_t ignore) {
  EV_TENSOR(at::nll_loss_nd(*x, *target, maybe(weight), reduction, ignore))
}
EV_API T ev_kl_div(T x, T target, int64_t reduction, int log_target) { EV_TENSOR(at::kl_div(*x, *target, reduction, log_target != 0)) }
EV_API T ev_mse_loss(T x, T target, int64_t reduction) { EV_TENSOR(at::mse_loss(*x, *target, reduction)) }
EV_API T ev_l1_loss(T x, T target, int64_t reduction) { EV_TENSOR(at::l1_loss(*x, *target, reduction)) }
EV_API T ev_smooth_l1_loss(T x, T target, int64_t reduction, double beta) { EV_TENSOR(at::smooth_l1_loss(*x, *target, reduction, beta)) }
EV_API T ev_bce_with_logits(T x, T target, T weight, T pos_weight, int64_t reduction) {
  EV_TENSOR(at::binary_cross_entropy_with_logits(*x, *target, maybe(weight), maybe(pos_weight), reduction))
}

// softmax(q k^T / sqrt(d) + mask) v for [.., tokens, d]; the mask is boolean (true: attend) or additive.
EV_API T ev_attention(T q, T k, T v, T mask, double p, int causal) {
  try {
    at::Tensor scores = at::matmul(*q, k->transpose(-2, -1)) / std::sqrt(static_cast<double>(q->size(-1)));
    if (causal) {
      auto allowed = at::ones({q->size(-2), k->size(-2)}, q->options().dtype(at::kBool)).tril();
      scores = scores.masked_fill(allowed.logical_not(), -INFINITY);
    }
    if (mask) scores = mask->scalar_type() == at::kBool ? scores.masked_fill(mask->logical_not(), -INFINITY) : scores + *mask;
    return own(at::matmul(at::dropout(at::softmax(scores, -1), p, p > 0), *v));
  } catch (...) {
    store_error();
    return nullptr;
  }
}

// Scales the gradients in place so that their joint norm is at most max_norm; returns the norm before. Parameters without a gradient are
// skipped.
EV_API int ev_clip_grad_norm(T const* parameters, int64_t count, double max_norm, double p, double* result) {
  try {
    std::vector<at::Tensor> grads, norms;
    for (int64_t i = 0; i < count; i++) {
      at::Tensor& grad = parameters[i]->mutable_grad();
      if (grad.defined()) grads.push_back(grad.detach());
    }
    *result = 0;
    if (grads.empty()) return 0;
    auto device = grads[0].device();
    if (std::isinf(p)) {
      for (auto& grad : grads) norms.push_back(grad.abs().max().to(device));
    } else if (p == 2) {
      for (auto& norm : at::_foreach_norm(grads, 2)) norms.push_back(norm.to(device));
    } else {
      for (auto& grad : grads) norms.push_back(at::norm(grad, p).to(device));
    }
    at::Tensor stacked = at::stack(norms);
    *result = (std::isinf(p) ? stacked.max() : at::norm(stacked, p)).item().toDouble();
    double factor = max_norm / (*result + 1e-6);
    if (factor < 1) at::_foreach_mul_(grads, at::Scalar(factor));
    return 0;
  } catch (...) {
    store_error();
    return -1;
  }
}

EV_API int ev_clip_grad_value(T const* parameters, int64_t count, double limit) {
  EV_STATUS(
    for (int64_t i = 0; i < count; i++) {
      at::Tensor& grad = parameters[i]->mutable_grad();
      if (grad.defined()) grad.detach().clamp_(-limit, limit);
    })
}
