// The C ABI between EdgeVit.Torch and libtorch.
//
// A tensor crosses it as a pointer to a heap-allocated at::Tensor that the caller owns and gives back with ev_free. A function that makes
// tensors returns null on failure, one that does not returns a negative number; ev_error() then holds the reason, for this thread. No C++
// exception ever crosses the border: every exported function body sits inside EV_TENSOR, EV_STATUS or EV_TRY.
#pragma once
#include <ATen/ATen.h>
#include <torch/version.h>
#include <cstdint>
#include <vector>

#define EV_API extern "C" __attribute__((visibility("default")))

// optional and nullopt moved from c10 to std in torch 2.x; c10's names stayed as aliases for a while, so the standard ones are used where
// they exist.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 5)
namespace ev { template <class V> using optional = std::optional<V>; }
#else
namespace ev { template <class V> using optional = c10::optional<V>; }
#endif

using T = at::Tensor*;

// A number from C#: kind 0 is absent, 1 an integer, 2 a floating-point value, 3 a boolean.
struct EvScalar {
  int64_t kind;
  int64_t integer;
  double real;
};

namespace ev {

// Stores the exception in flight as this thread's error text (c10's message without the C++ backtrace).
void store_error() noexcept;
// Takes ownership: moves a tensor to the heap and counts it as live.
T own(at::Tensor tensor);

inline at::IntArrayRef sizes(const int64_t* values, int64_t count) { return at::IntArrayRef(values, static_cast<size_t>(count)); }

inline at::Scalar scalar(EvScalar value) {
  if (value.kind == 1) return at::Scalar(value.integer);
  if (value.kind == 3) return at::Scalar(value.integer != 0);
  return at::Scalar(value.real);
}

inline optional<at::Scalar> maybe(EvScalar value) { return value.kind == 0 ? optional<at::Scalar>() : optional<at::Scalar>(scalar(value)); }
inline optional<at::Tensor> maybe(T tensor) { return tensor ? optional<at::Tensor>(*tensor) : optional<at::Tensor>(); }
inline at::Tensor or_undefined(T tensor) { return tensor ? *tensor : at::Tensor(); }
inline optional<at::ScalarType> maybe_type(int type) {
  return type < 0 ? optional<at::ScalarType>() : optional<at::ScalarType>(static_cast<at::ScalarType>(type));
}

inline at::Device device(int type, int index) {
  return at::Device(static_cast<at::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
}

inline at::TensorOptions options(int dtype, int device_type, int device_index) {
  return at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(device(device_type, device_index));
}

inline optional<at::Generator> generator(void* value) {
  return value ? optional<at::Generator>(*static_cast<at::Generator*>(value)) : optional<at::Generator>();
}

inline std::vector<at::Tensor> list(T const* tensors, int64_t count) {
  std::vector<at::Tensor> result;
  result.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; i++) result.push_back(tensors[i] ? *tensors[i] : at::Tensor());
  return result;
}

// Hands a C++ list of tensors to the caller: allocates the array that ev_free_array gives back.
T* own_array(std::vector<at::Tensor> tensors, int64_t* count);

}  // namespace ev

#define EV_TENSOR(expression) try { return ev::own(expression); } catch (...) { ev::store_error(); return nullptr; }
#define EV_STATUS(statement) try { statement; return 0; } catch (...) { ev::store_error(); return -1; }
#define EV_ARRAY(expression, count) try { return ev::own_array(expression, count); } catch (...) { ev::store_error(); return nullptr; }
