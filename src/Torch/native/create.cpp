// Creation, copies, random numbers and devices.
#include "shim.h"
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstring>
#include <mutex>

using namespace ev;

EV_API T ev_empty(const int64_t* s, int64_t n, int dtype, int dev, int index) {
  EV_TENSOR(at::empty(sizes(s, n), options(dtype, dev, index)))
}
EV_API T ev_zeros(const int64_t* s, int64_t n, int dtype, int dev, int index) {
  EV_TENSOR(at::zeros(sizes(s, n), options(dtype, dev, index)))
}
EV_API T ev_ones(const int64_t* s, int64_t n, int dtype, int dev, int index) {
  EV_TENSOR(at::ones(sizes(s, n), options(dtype, dev, index)))
}
EV_API T ev_full(const int64_t* s, int64_t n, EvScalar value, int dtype, int dev, int index) {
  EV_TENSOR(at::full(sizes(s, n), scalar(value), options(dtype, dev, index)))
}
EV_API T ev_rand(const int64_t* s, int64_t n, int dtype, int dev, int index, void* g) {
  EV_TENSOR(at::rand(sizes(s, n), generator(g), options(dtype, dev, index)))
}
EV_API T ev_randn(const int64_t* s, int64_t n, int dtype, int dev, int index, void* g) {
  EV_TENSOR(at::randn(sizes(s, n), generator(g), options(dtype, dev, index)))
}
EV_API T ev_randint(int64_t low, int64_t high, const int64_t* s, int64_t n, int dtype, int dev, int index, void* g) {
  EV_TENSOR(at::randint(low, high, sizes(s, n), generator(g), options(dtype, dev, index)))
}
EV_API T ev_randperm(int64_t n, int dtype, int dev, int index, void* g) {
  EV_TENSOR(at::randperm(n, generator(g), options(dtype, dev, index)))
}
EV_API T ev_arange(EvScalar start, EvScalar stop, EvScalar step, int dtype, int dev, int index) {
  EV_TENSOR(at::arange(scalar(start), scalar(stop), scalar(step), options(dtype, dev, index)))
}
EV_API T ev_linspace(EvScalar start, EvScalar end, int64_t steps, int dtype, int dev, int index) {
  EV_TENSOR(at::linspace(scalar(start), scalar(end), steps, options(dtype, dev, index)))
}
EV_API T ev_eye(int64_t rows, int64_t columns, int dtype, int dev, int index) {
  EV_TENSOR(at::eye(rows, columns, options(dtype, dev, index)))
}

// Copies `bytes` bytes in row-major order into a new CPU tensor.
EV_API T ev_from_bytes(const void* data, int64_t bytes, const int64_t* s, int64_t n, int dtype) {
  try {
    at::Tensor result = at::empty(sizes(s, n), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
    TORCH_CHECK(static_cast<int64_t>(result.nbytes()) == bytes, "the data has ", bytes, " bytes, a tensor of size ", result.sizes(),
                " needs ", result.nbytes());
    if (bytes > 0) std::memcpy(result.data_ptr(), data, static_cast<size_t>(bytes));
    return own(std::move(result));
  } catch (...) {
    store_error();
    return nullptr;
  }
}

EV_API T ev_like(T t, int fill, int dtype, int dev, int index) {
  try {
    at::TensorOptions o;
    if (dtype >= 0) o = o.dtype(static_cast<at::ScalarType>(dtype));
    if (dev >= 0) o = o.device(device(dev, index));
    switch (fill) {
      case 0: return own(at::zeros_like(*t, o));
      case 1: return own(at::ones_like(*t, o));
      case 2: return own(at::empty_like(*t, o));
      case 3: return own(at::rand_like(*t, o));
      default: return own(at::randn_like(*t, o));
    }
  } catch (...) {
    store_error();
    return nullptr;
  }
}

EV_API T ev_clone(T t) { EV_TENSOR(t->clone()) }
EV_API T ev_detach(T t) { EV_TENSOR(t->detach()) }
EV_API int ev_detach_(T t) { EV_STATUS(t->detach_()) }
EV_API T ev_alias(T t) { EV_TENSOR(t->alias()) }
EV_API T ev_contiguous(T t) { EV_TENSOR(t->contiguous()) }
EV_API int ev_copy_(T t, T source, int non_blocking) { EV_STATUS(t->copy_(*source, non_blocking != 0)) }
EV_API int ev_zero_(T t) { EV_STATUS(t->zero_()) }
EV_API int ev_fill_(T t, EvScalar value) { EV_STATUS(t->fill_(scalar(value))) }

EV_API T ev_to(T t, int dtype, int dev, int index, int non_blocking, int copy) {
  EV_TENSOR(t->to(device(dev, index), static_cast<at::ScalarType>(dtype), non_blocking != 0, copy != 0))
}
EV_API T ev_to_dtype(T t, int dtype, int non_blocking, int copy) {
  EV_TENSOR(t->to(static_cast<at::ScalarType>(dtype), non_blocking != 0, copy != 0))
}

EV_API int ev_normal_(T t, double mean, double std, void* g) { EV_STATUS(t->normal_(mean, std, generator(g))) }
EV_API int ev_uniform_(T t, double from, double to, void* g) { EV_STATUS(t->uniform_(from, to, generator(g))) }
EV_API int ev_bernoulli_(T t, double p, void* g) { EV_STATUS(t->bernoulli_(p, generator(g))) }
EV_API int ev_bernoulli_tensor_(T t, T p, void* g) { EV_STATUS(t->bernoulli_(*p, generator(g))) }
EV_API T ev_bernoulli(T t, void* g) { EV_TENSOR(at::bernoulli(*t, generator(g))) }
EV_API T ev_multinomial(T t, int64_t samples, int replacement, void* g) {
  EV_TENSOR(at::multinomial(*t, samples, replacement != 0, generator(g)))
}

// Generators.
EV_API void* ev_generator_new(int dev, int index, uint64_t seed) {
  try {
    if (static_cast<at::DeviceType>(dev) != at::kCPU) {
      at::Generator result = at::globalContext().defaultGenerator(device(dev, index)).clone();
      result.set_current_seed(seed);
      return new at::Generator(std::move(result));
    }
    return new at::Generator(at::make_generator<at::CPUGeneratorImpl>(seed));
  } catch (...) {
    store_error();
    return nullptr;
  }
}

EV_API void* ev_generator_default(int dev, int index) {
  try {
    return new at::Generator(at::globalContext().defaultGenerator(device(dev, index)));
  } catch (...) {
    store_error();
    return nullptr;
  }
}

EV_API void ev_generator_free(void* g) { delete static_cast<at::Generator*>(g); }

EV_API int ev_generator_seed(void* g, uint64_t seed) {
  EV_STATUS(auto& value = *static_cast<at::Generator*>(g); std::lock_guard<std::mutex> lock(value.mutex()); value.set_current_seed(seed))
}

EV_API int64_t ev_generator_initial_seed(void* g) { return static_cast<int64_t>(static_cast<at::Generator*>(g)->current_seed()); }

EV_API T ev_generator_state(void* g) {
  try {
    auto& value = *static_cast<at::Generator*>(g);
    std::lock_guard<std::mutex> lock(value.mutex());
    return own(value.get_state());
  } catch (...) {
    store_error();
    return nullptr;
  }
}

EV_API int ev_generator_set_state(void* g, T state) {
  EV_STATUS(auto& value = *static_cast<at::Generator*>(g); std::lock_guard<std::mutex> lock(value.mutex()); value.set_state(*state))
}

EV_API int ev_manual_seed(uint64_t seed) { EV_STATUS(at::manual_seed(seed)) }

// CUDA, without the toolkit's headers: through the guard that libtorch_cuda registers.
EV_API int ev_cuda_devices() {
  try {
    return at::hasCUDA() ? static_cast<int>(c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount()) : 0;
  } catch (...) {
    return 0;
  }
}

EV_API int ev_cuda_seed(uint64_t seed, int all) {
  try {
    int count = at::hasCUDA() ? static_cast<int>(c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount()) : 0;
    for (int i = 0; i < (all ? count : (count > 0 ? 1 : 0)); i++) {
      auto value = at::globalContext().defaultGenerator(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(i)));
      std::lock_guard<std::mutex> lock(value.mutex());
      value.set_current_seed(seed);
    }
    return 0;
  } catch (...) {
    store_error();
    return -1;
  }
}

// Waits for the work queued on the current stream of the device.
EV_API int ev_cuda_synchronize(int index) {
  try {
    if (!at::hasCUDA()) return 0;
    c10::impl::VirtualGuardImpl guard(at::kCUDA);
    at::Device target = index < 0 ? guard.getDevice() : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
    guard.getStream(target).synchronize();
    return 0;
  } catch (...) {
    store_error();
    return -1;
  }
}

EV_API void ev_cudnn_benchmark(int enabled) { at::globalContext().setBenchmarkCuDNN(enabled != 0); }
EV_API int ev_deterministic() { return at::globalContext().deterministicAlgorithms(); }
EV_API int ev_set_deterministic(int enabled, int warn) {
  EV_STATUS(at::globalContext().setDeterministicAlgorithms(enabled != 0, warn != 0))
}
EV_API void ev_allow_tf32(int enabled) {
  at::globalContext().setAllowTF32CuBLAS(enabled != 0);
  at::globalContext().setAllowTF32CuDNN(enabled != 0);
}
