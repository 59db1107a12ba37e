// One native call per optimizer step and parameter group.
//
// Contiguous float32 CPU tensors take a fused loop (one pass over parameter, gradient and moments); everything else takes the _foreach
// operators, which on CUDA launch one kernel for many tensors. Both follow PyTorch's single-tensor formulas; the fused loop keeps their
// order of operations and never contracts to fused multiply-adds (-ffp-contract=off), so the result does not depend on the machine or the
// number of threads.
#include "shim.h"
#include <ATen/Parallel.h>
#include <cmath>

using namespace ev;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EV_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define EV_CLONES
#endif

struct AdamFactors {
  float decay, l2, sign, beta1, keep1, beta2, keep2, correction, eps, step;
};

EV_CLONES static void adam_range(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v,
                                 float* __restrict top, int64_t begin, int64_t end, AdamFactors f) {
  for (int64_t i = begin; i < end; i++) {
    float grad = g[i] * f.sign + p[i] * f.l2;
    float value = p[i] * f.decay;
    m[i] = m[i] * f.beta1 + grad * f.keep1;
    v[i] = v[i] * f.beta2 + grad * grad * f.keep2;
    float second = v[i];
    if (top) second = top[i] = top[i] > second ? top[i] : second;
    p[i] = value + f.step * m[i] / (std::sqrt(second) / f.correction + f.eps);
  }
}

EV_CLONES static void sgd_range(float* __restrict p, const float* __restrict g, float* __restrict m, int64_t begin, int64_t end,
                                float decay, float momentum, float keep, bool nesterov, float step) {
  for (int64_t i = begin; i < end; i++) {
    float grad = g[i] + p[i] * decay;
    if (m) {
      m[i] = m[i] * momentum + grad * keep;
      grad = nesterov ? grad + m[i] * momentum : m[i];
    }
    p[i] = p[i] + grad * step;
  }
}

static bool fusable(const at::Tensor& t) {
  return t.device().is_cpu() && t.scalar_type() == at::kFloat && t.layout() == at::kStrided && t.is_contiguous();
}
static const int64_t Grain = 1 << 15;

// decoupled: AdamW (decay multiplies the parameter); otherwise Adam (decay adds to the gradient). steps: the step number of each parameter,
// from 1; it is set to 0 where a parameter has no gradient and was left alone.
EV_API int ev_adam_step(T const* params, T const* exp_avg, T const* exp_avg_sq, T const* max_sq, int64_t* steps, int64_t count,
                        double lr, double beta1, double beta2, double eps, double decay, int decoupled, int maximize) {
  try {
    std::vector<at::Tensor> p, g, m, v, top;
    std::vector<double> corrections;
    std::vector<at::Scalar> factors;
    for (int64_t i = 0; i < count; i++) {
      at::Tensor grad = params[i]->mutable_grad();
      if (!grad.defined()) {
        steps[i] = 0;
        continue;
      }
      const double step = static_cast<double>(steps[i]);
      const double correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
      at::Tensor* maximum = max_sq ? max_sq[i] : nullptr;
      if (fusable(*params[i]) && fusable(grad) && fusable(*exp_avg[i]) && fusable(*exp_avg_sq[i])) {
        float* pp = params[i]->data_ptr<float>();
        const float* pg = grad.data_ptr<float>();
        float* pm = exp_avg[i]->data_ptr<float>();
        float* pv = exp_avg_sq[i]->data_ptr<float>();
        float* pt = maximum ? maximum->data_ptr<float>() : nullptr;
        const auto f32 = [](double value) { return static_cast<float>(value); };
        AdamFactors f{f32(decoupled ? 1 - lr * decay : 1), f32(decoupled ? 0 : decay), maximize ? -1.f : 1.f, f32(beta1), f32(1 - beta1),
                      f32(beta2), f32(1 - beta2), f32(std::sqrt(correction2)), f32(eps), f32(-lr / correction1)};
        at::parallel_for(0, params[i]->numel(), Grain, [=](int64_t b, int64_t e) { adam_range(pp, pg, pm, pv, pt, b, e, f); });
        params[i]->unsafeGetTensorImpl()->bump_version();
        continue;
      }
      p.push_back(*params[i]);
      g.push_back(grad);
      m.push_back(*exp_avg[i]);
      v.push_back(*exp_avg_sq[i]);
      if (maximum) top.push_back(*maximum);
      corrections.push_back(std::sqrt(correction2));
      factors.push_back(at::Scalar(-lr / correction1));
    }
    if (p.empty()) return 0;
    if (maximize) g = at::_foreach_neg(g);
    if (decay != 0) {
      if (decoupled) at::_foreach_mul_(p, at::Scalar(1 - lr * decay));
      else g = at::_foreach_add(g, p, decay);
    }
    at::_foreach_mul_(m, at::Scalar(beta1));
    at::_foreach_add_(m, g, 1 - beta1);
    at::_foreach_mul_(v, at::Scalar(beta2));
    at::_foreach_addcmul_(v, g, g, at::Scalar(1 - beta2));
    if (!top.empty()) for (size_t i = 0; i < top.size(); i++) at::maximum_out(top[i], top[i], v[i]);
    std::vector<at::Tensor> denominators = at::_foreach_sqrt(top.empty() ? v : top);
    for (size_t i = 0; i < denominators.size(); i++) denominators[i].div_(corrections[i]);
    at::_foreach_add_(denominators, at::Scalar(eps));
    at::_foreach_addcdiv_(p, m, denominators, factors);
    return 0;
  } catch (...) {
    store_error();
    return -1;
  }
}

// buffers[i] is null on a parameter's first step with momentum; fresh[i] then receives the new buffer (a copy of the gradient).
EV_API int ev_sgd_step(T const* params, T const* buffers, T* fresh, int64_t count, double lr, double momentum, double dampening,
                       double decay, int nesterov, int maximize) {
  try {
    double step = maximize ? lr : -lr;
    for (int64_t i = 0; i < count; i++) {
      at::Tensor grad = params[i]->mutable_grad();
      if (!grad.defined()) continue;
      at::Tensor* buffer = buffers[i];
      if (fusable(*params[i]) && fusable(grad) && (momentum == 0 || (buffer && fusable(*buffer)))) {
        float* pp = params[i]->data_ptr<float>();
        const float* pg = grad.data_ptr<float>();
        float* pm = momentum != 0 ? buffer->data_ptr<float>() : nullptr;
        at::parallel_for(0, params[i]->numel(), Grain, [=](int64_t b, int64_t e) {
          sgd_range(pp, pg, pm, b, e, static_cast<float>(decay), static_cast<float>(momentum), static_cast<float>(1 - dampening),
                    nesterov != 0, static_cast<float>(step));
        });
        params[i]->unsafeGetTensorImpl()->bump_version();
        continue;
      }
      if (decay != 0) grad = grad.add(*params[i], decay);
      if (momentum != 0) {
        at::Tensor state;
        if (buffer) {
          state = buffer->mul_(momentum).add_(grad, 1 - dampening);
        } else {
          state = grad.clone().detach();
          fresh[i] = own(state);
        }
        grad = nesterov ? grad.add(state, momentum) : state;
      }
      params[i]->add_(grad, step);
    }
    return 0;
  } catch (...) {
    store_error();
    return -1;
  }
}
