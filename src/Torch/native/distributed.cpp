// Processes that train together: a store through which they find one another, and collective operations over Gloo and NCCL.
//
// What differs between versions of libtorch is in this file alone. compile.sh sets EV_GLOO and EV_NCCL where the headers of both are; without
// either the functions are there and say so.
#include "shim.h"

#ifdef EV_GLOO
#define USE_C10D_GLOO
#endif
#ifdef EV_NCCL
#define USE_C10D_NCCL
#endif

#if defined(EV_GLOO) || defined(EV_NCCL)
#define EV_DISTRIBUTED
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif
#ifdef EV_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef EV_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <chrono>
#include <cstring>
#include <string>

// Bit 0: Gloo, bit 1: NCCL.
EV_API int ev_distributed_backends() {
  int backends = 0;
#ifdef EV_GLOO
  backends |= 1;
#endif
#ifdef EV_NCCL
  backends |= 2;
#endif
  return backends;
}

#ifdef EV_DISTRIBUTED

using Milliseconds = std::chrono::milliseconds;

namespace {

// Tensors are put behind one another into buffers of at most so many bytes: one operation for many small tensors.
constexpr int64_t BucketBytes = 25 << 20;

struct Store {
  c10::intrusive_ptr<c10d::Store> store;
};

struct Group {
  Milliseconds timeout;
#ifdef EV_GLOO
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
#endif
#ifdef EV_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl;
  at::Device device = at::Device(at::kCPU);
#endif

  template <class Backend>
  void run(Backend& backend, at::Tensor tensor, bool sum) {
    std::vector<at::Tensor> list{tensor};
    if (sum) {
      c10d::AllreduceOptions options;
      options.timeout = timeout;
      backend.allreduce(list, options)->wait();
    } else {
      c10d::BroadcastOptions options;
      options.timeout = timeout;
      backend.broadcast(list, options)->wait();
    }
  }

  // Sums a contiguous tensor over the processes, or takes over that of rank 0; in place.
  void apply(at::Tensor tensor, bool sum) {
#ifdef EV_NCCL
    if (nccl) {
      if (tensor.is_cuda()) return run(*nccl, tensor, sum);
#ifdef EV_GLOO
      return run(*gloo, tensor, sum);
#else
      at::Tensor there = tensor.to(device);
      run(*nccl, there, sum);
      tensor.copy_(there);
      return;
#endif
    }
#endif
#ifdef EV_GLOO
    if (tensor.device().is_cpu()) return run(*gloo, tensor, sum);
    at::Tensor here = tensor.cpu();
    run(*gloo, here, sum);
    tensor.copy_(here);
#endif
  }

  void apply(const std::vector<at::Tensor>& tensors, bool sum) {
    for (size_t begin = 0; begin < tensors.size();) {
      int64_t bytes = 0;
      size_t end = begin;
      std::vector<at::Tensor> flat;
      while (end < tensors.size() && tensors[end].scalar_type() == tensors[begin].scalar_type() && tensors[end].device() == tensors[begin].device() &&
             (end == begin || bytes + static_cast<int64_t>(tensors[end].nbytes()) <= BucketBytes)) {
        bytes += static_cast<int64_t>(tensors[end].nbytes());
        flat.push_back(tensors[end++].detach().reshape({-1}));
      }
      at::Tensor bucket = at::cat(flat);
      apply(bucket, sum);
      int64_t at = 0;
      for (size_t i = begin; i < end; i++) {
        int64_t count = tensors[i].numel();
        tensors[i].detach().copy_(bucket.narrow(0, at, count).view(tensors[i].sizes()));
        at += count;
      }
      begin = end;
    }
  }
};

Store* store_of(void* store) { return static_cast<Store*>(store); }
Group* group_of(void* group) { return static_cast<Group*>(group); }

}  // namespace

// Serves the store at this port, or connects to it; keys of different prefixes are apart.
EV_API void* ev_store_open(const char* host, int port, int serve, int64_t timeout_ms, const char* prefix) {
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = serve != 0;
    options.waitWorkers = false;
    options.timeout = Milliseconds(timeout_ms);
    c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(std::string(host), options);
    return new Store{c10::make_intrusive<c10d::PrefixStore>(std::string(prefix), store)};
  } catch (...) {
    ev::store_error();
    return nullptr;
  }
}

EV_API void ev_store_free(void* store) {
  try {
    delete store_of(store);
  } catch (...) {
  }
}

EV_API int ev_store_set(void* store, const char* key, const uint8_t* value, int64_t count) {
  EV_STATUS(store_of(store)->store->set(key, std::vector<uint8_t>(value, value + count)))
}

EV_API int ev_store_add(void* store, const char* key, int64_t value, int64_t* result) { EV_STATUS(*result = store_of(store)->store->add(key, value)) }

// 1: the key is there; 0: it is not; -1: error. Returns at once.
EV_API int ev_store_has(void* store, const char* key) {
  try {
    return store_of(store)->store->check({std::string(key)}) ? 1 : 0;
  } catch (...) {
    ev::store_error();
    return -1;
  }
}

// The bytes of a key that is there, as a tensor.
EV_API T ev_store_get(void* store, const char* key) {
  EV_TENSOR([&] {
    std::vector<uint8_t> value = store_of(store)->store->get(key);
    at::Tensor result = at::empty({static_cast<int64_t>(value.size())}, at::kByte);
    if (!value.empty()) std::memcpy(result.data_ptr(), value.data(), value.size());
    return result;
  }())
}

// address: that of this machine's network card for Gloo; empty for the one that its host name means. cuda: index of the device, negative for none.
EV_API void* ev_group_open(void* store, int rank, int size, int64_t timeout_ms, const char* address, int cuda) {
  try {
    auto group = std::make_unique<Group>();
    group->timeout = Milliseconds(timeout_ms);
#ifdef EV_GLOO
    auto options = c10d::ProcessGroupGloo::Options::create(group->timeout);
    const char* card = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(
        card && *card ? c10d::ProcessGroupGloo::createDeviceForInterface(card)
        : *address    ? c10d::ProcessGroupGloo::createDeviceForHostname(address)
                      : c10d::ProcessGroupGloo::createDefaultDevice());
    options->threads = 2;
    group->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store_of(store)->store), rank, size, options);
#endif
#ifdef EV_NCCL
    if (cuda >= 0) {
      auto settings = c10d::ProcessGroupNCCL::Options::create();
      settings->timeout = group->timeout;
      group->device = at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(cuda));
      group->nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>("nccl", store_of(store)->store), rank, size, settings);
    }
#endif
    return group.release();
  } catch (...) {
    ev::store_error();
    return nullptr;
  }
}

EV_API void ev_group_free(void* group) {
  try {
    delete group_of(group);
  } catch (...) {
  }
}

// sum: every process gets the sums; otherwise the values of rank 0. In place, over all processes in the same order.
EV_API int ev_group_apply(void* group, T const* tensors, int64_t count, int sum) { EV_STATUS(group_of(group)->apply(ev::list(tensors, count), sum != 0)) }

EV_API int ev_group_sum(void* group, double* values, int64_t count) {
  EV_STATUS(group_of(group)->apply(at::from_blob(values, {count}, at::kDouble), true))
}

#else

static void* missing() {
  try {
    throw std::runtime_error("this build has neither Gloo nor NCCL");
  } catch (...) {
    ev::store_error();
  }
  return nullptr;
}

EV_API void* ev_store_open(const char*, int, int, int64_t, const char*) { return missing(); }
EV_API void ev_store_free(void*) {}
EV_API int ev_store_set(void*, const char*, const uint8_t*, int64_t) { missing(); return -1; }
EV_API int ev_store_add(void*, const char*, int64_t, int64_t*) { missing(); return -1; }
EV_API int ev_store_has(void*, const char*) { missing(); return -1; }
EV_API T ev_store_get(void*, const char*) { missing(); return nullptr; }
EV_API void* ev_group_open(void*, int, int, int64_t, const char*, int) { return missing(); }
EV_API void ev_group_free(void*) {}
EV_API int ev_group_apply(void*, T const*, int64_t, int) { missing(); return -1; }
EV_API int ev_group_sum(void*, double*, int64_t) { missing(); return -1; }

#endif
