// Lifetime, errors, properties and element access.
#include "shim.h"
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

static thread_local std::string t_error;
static std::atomic<int64_t> s_live{0};

namespace ev {

void store_error() noexcept {
  try {
    try {
      throw;
    } catch (const c10::Error& error) {
      t_error = error.what_without_backtrace();
    } catch (const std::exception& error) {
      t_error = error.what();
    } catch (...) {
      t_error = "an unknown C++ exception";
    }
  } catch (...) {
    t_error.clear();
  }
}

T own(at::Tensor tensor) {
  T result = new at::Tensor(std::move(tensor));
  s_live.fetch_add(1, std::memory_order_relaxed);
  return result;
}

T* own_array(std::vector<at::Tensor> tensors, int64_t* count) {
  T* result = static_cast<T*>(std::malloc(sizeof(T) * (tensors.size() + 1)));
  if (!result) throw std::bad_alloc();
  for (size_t i = 0; i < tensors.size(); i++) result[i] = tensors[i].defined() ? own(std::move(tensors[i])) : nullptr;
  *count = static_cast<int64_t>(tensors.size());
  return result;
}

}  // namespace ev

EV_API const char* ev_error() { return t_error.c_str(); }
EV_API int64_t ev_live() { return s_live.load(std::memory_order_relaxed); }
EV_API const char* ev_version() { return TORCH_VERSION; }

EV_API void ev_free(T tensor) {
  if (!tensor) return;
  s_live.fetch_sub(1, std::memory_order_relaxed);
  delete tensor;
}

EV_API void ev_free_array(T* tensors) { std::free(tensors); }

// A second handle to the same tensor object (not a view: the same gradient and graph).
EV_API T ev_share(T tensor) { EV_TENSOR(*tensor) }

EV_API int64_t ev_numel(T tensor) { return tensor->numel(); }
EV_API int64_t ev_dim(T tensor) { return tensor->dim(); }
EV_API int ev_dtype(T tensor) { return static_cast<int>(tensor->scalar_type()); }
EV_API int64_t ev_element_size(T tensor) { return static_cast<int64_t>(tensor->element_size()); }
EV_API int ev_device_type(T tensor) { return static_cast<int>(tensor->device().type()); }
EV_API int ev_device_index(T tensor) { return static_cast<int>(tensor->device().index()); }
EV_API int ev_is_leaf(T tensor) { return tensor->is_leaf(); }
EV_API int ev_is_contiguous(T tensor) { return tensor->is_contiguous(); }
EV_API int ev_same(T a, T b) { return a->is_same(*b); }

EV_API int ev_sizes(T tensor, int64_t* out) {
  auto sizes = tensor->sizes();
  std::memcpy(out, sizes.data(), sizes.size() * sizeof(int64_t));
  return static_cast<int>(sizes.size());
}

EV_API int ev_strides(T tensor, int64_t* out) {
  EV_STATUS(auto strides = tensor->strides(); std::memcpy(out, strides.data(), strides.size() * sizeof(int64_t)))
}

EV_API void* ev_data(T tensor) {
  try {
    void* data = tensor->data_ptr();
    static char empty;
    return data ? data : &empty;
  } catch (...) {
    ev::store_error();
    return nullptr;
  }
}

// Writes the single element as double and as int64; 1 when the element is a floating-point number, 0 when it is an integer or a boolean.
EV_API int ev_item(T tensor, double* real, int64_t* integer) {
  try {
    at::Scalar value = tensor->item();
    if (value.isFloatingPoint()) {
      *real = value.toDouble();
      return 1;
    }
    *integer = value.isBoolean() ? value.toBool() : value.toLong();
    return 0;
  } catch (...) {
    ev::store_error();
    return -1;
  }
}

EV_API int ev_requires_grad(T tensor) { return tensor->requires_grad(); }
EV_API int ev_set_requires_grad(T tensor, int value) { EV_STATUS(tensor->set_requires_grad(value != 0)) }
EV_API int ev_retain_grad(T tensor) { EV_STATUS(tensor->retain_grad()) }

// 0: no gradient yet (result untouched); 1: *result holds it; -1: error.
EV_API int ev_grad(T tensor, T* result) {
  try {
    const at::Tensor& grad = tensor->mutable_grad();
    if (!grad.defined()) return 0;
    *result = ev::own(grad);
    return 1;
  } catch (...) {
    ev::store_error();
    return -1;
  }
}

EV_API int ev_set_grad(T tensor, T grad) { EV_STATUS(tensor->mutable_grad() = grad ? *grad : at::Tensor()) }

// zero: fills an existing gradient with zeros instead of dropping it.
EV_API int ev_zero_grads(T const* tensors, int64_t count, int zero) {
  EV_STATUS(
    for (int64_t i = 0; i < count; i++) {
      at::Tensor& grad = tensors[i]->mutable_grad();
      if (!grad.defined()) continue;
      if (zero) { grad.detach_(); grad.zero_(); } else { grad.reset(); }
    })
}

EV_API int ev_grad_mode() { return c10::GradMode::is_enabled(); }
EV_API void ev_set_grad_mode(int enabled) { c10::GradMode::set_enabled(enabled != 0); }
EV_API int ev_is_inference() { return c10::InferenceMode::is_enabled(); }

EV_API void* ev_inference_enter(int enabled) {
  try {
    return new c10::InferenceMode(enabled != 0);
  } catch (...) {
    ev::store_error();
    return nullptr;
  }
}

EV_API void ev_inference_leave(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

EV_API int ev_threads() { return at::get_num_threads(); }
EV_API int ev_set_threads(int count) { EV_STATUS(at::set_num_threads(count)) }
EV_API int ev_interop_threads() { return at::get_num_interop_threads(); }
EV_API int ev_set_interop_threads(int count) { EV_STATUS(at::set_num_interop_threads(count)) }
