// Backward passes, gradients, and graph nodes whose backward is written in C#.
//
// A managed node owns (1) the tensors saved for its backward, as SavedVariables, so that in-place changes are detected and an output may be
// saved without a reference cycle, and (2) one handle to the C# context. The engine calls apply() with the node's output gradients; apply()
// calls into C#, which returns one gradient (or null) per differentiable input. When the graph dies the node is deleted and C# is told to
// drop the context.
#include "shim.h"
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <mutex>
#include <stdexcept>

using namespace ev;
using torch::autograd::Node;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

// context, node, output gradients, their number, input gradients to fill, their number, text and its capacity; 0 or -1 with the text
// filled.
typedef int (*BackwardCallback)(void*, void*, T const*, int64_t, T*, int64_t, char*, int64_t);
typedef void (*ReleaseCallback)(void*);

EV_API void ev_free(T tensor);

static BackwardCallback s_backward = nullptr;
static ReleaseCallback s_release = nullptr;

struct ManagedNode : public Node {
  void* context = nullptr;
  bool materialize = true;
  std::string label;
  std::vector<SavedVariable> saved;
  std::mutex lock;

  ~ManagedNode() override {
    if (context && s_release) s_release(context);
  }

  std::string name() const override { return label; }

  void release_variables() override {
    std::lock_guard<std::mutex> guard(lock);
    for (auto& variable : saved) variable.reset_data();
  }

  variable_list apply(variable_list&& inputs) override {
    const size_t given = inputs.size(), wanted = num_outputs();
    std::vector<T> grads(given), results(wanted, nullptr);
    for (size_t i = 0; i < given; i++) {
      if (!inputs[i].defined() && materialize) inputs[i] = input_metadata(static_cast<uint32_t>(i)).zeros_like();
      grads[i] = inputs[i].defined() ? own(std::move(inputs[i])) : nullptr;
    }
    char text[2048] = {0};
    // C# takes ownership of the handles in grads and gives us those in results, also when it fails.
    int status = s_backward(context, this, grads.data(), static_cast<int64_t>(given), results.data(), static_cast<int64_t>(wanted),
                            text, sizeof text);
    variable_list outputs(wanted);
    for (size_t i = 0; i < wanted; i++) {
      if (!results[i]) continue;
      outputs[i] = *results[i];
      ev_free(results[i]);
    }
    if (status < 0) throw std::runtime_error(text);
    return outputs;
  }
};

EV_API void ev_autograd_callbacks(BackwardCallback backward, ReleaseCallback release) {
  s_backward = backward;
  s_release = release;
}

struct EvFunction {
  void* context;
  const char* name;
  T const* inputs;
  int64_t input_count;
  T const* outputs;
  int64_t output_count;
  T const* saved;
  int64_t saved_count;
  T const* dirty;
  int64_t dirty_count;
  T const* constant;
  int64_t constant_count;
  int32_t materialize;
  int32_t executable;
};

static std::unordered_set<at::TensorImpl*> impls(T const* tensors, int64_t count) {
  std::unordered_set<at::TensorImpl*> result;
  for (int64_t i = 0; i < count; i++) result.insert(tensors[i]->unsafeGetTensorImpl());
  return result;
}

// libtorch's _wrap_outputs gained arguments over the versions (1.13: 6, 2.0: 7, 2.4: 8, later 9); only the call that fits is compiled.
template <class Result, class... Parameters>
static Result wrap_outputs(Result (*wrap)(Parameters...), const variable_list& inputs, const std::unordered_set<at::TensorImpl*>& constant,
                           const std::unordered_set<at::TensorImpl*>& dirty, at::ArrayRef<ev::optional<at::Tensor>> raw,
                           const std::shared_ptr<Node>& node) {
  auto no_jvp = [](variable_list, variable_list) -> variable_list {
    TORCH_CHECK(false, "functions written in C# do not support forward-mode differentiation");
  };
  auto view_as_self = [](at::Tensor x) -> at::Tensor { return x.view_as(x); };
  const std::unordered_set<at::TensorImpl*> none;
  constexpr size_t count = sizeof...(Parameters);
  if constexpr (count == 6) return wrap(inputs, constant, dirty, raw, node, no_jvp);
  else if constexpr (count == 7) return wrap(inputs, constant, dirty, raw, node, no_jvp, none);
  else if constexpr (count == 8) return wrap(inputs, constant, dirty, raw, node, no_jvp, none, view_as_self);
  else return wrap(inputs, constant, dirty, raw, node, no_jvp, none, view_as_self, false);
}

// Puts the outputs into the graph behind a new node. results[i] stays null where the output object itself was used. 1: the node took over
// the context, 0: no graph was needed, -1: error (the context still belongs to the caller).
EV_API int ev_function_wrap(EvFunction* f, T* results) {
  std::shared_ptr<ManagedNode> node;
  try {
    variable_list inputs = list(f->inputs, f->input_count);
    for (int64_t i = 0; i < f->dirty_count; i++) f->dirty[i]->unsafeGetTensorImpl()->bump_version();
    if (f->executable) {
      node = std::shared_ptr<ManagedNode>(new ManagedNode(), torch::autograd::deleteNode);
      node->label = f->name;
      node->materialize = f->materialize != 0;
      node->set_next_edges(torch::autograd::collect_next_edges(inputs));
      node->clear_input_metadata();
    }
    std::vector<ev::optional<at::Tensor>> raw;
    for (int64_t i = 0; i < f->output_count; i++) raw.emplace_back(*f->outputs[i]);
    const auto constant = impls(f->constant, f->constant_count), dirty = impls(f->dirty, f->dirty_count);
    auto wrapped = wrap_outputs(&torch::autograd::_wrap_outputs, inputs, constant, dirty, raw, node);
    if (node) {
      node->saved.reserve(static_cast<size_t>(f->saved_count));
      for (int64_t i = 0; i < f->saved_count; i++) {
        at::Tensor value = or_undefined(f->saved[i]);
        bool is_output = value.defined() && value.grad_fn().get() == node.get();
        node->saved.emplace_back(value, is_output);
      }
    }
    for (int64_t i = 0; i < f->output_count; i++) {
      const auto& output = wrapped[static_cast<size_t>(i)];
      results[i] = output.has_value() && !output->is_same(*f->outputs[i]) ? own(*output) : nullptr;
    }
    if (!node) return 0;
    node->context = f->context;
    return 1;
  } catch (...) {
    store_error();
    return -1;
  }
}

// Valid only while the node's backward runs.
EV_API T* ev_function_saved(void* value, int64_t* count) {
  try {
    auto* node = static_cast<ManagedNode*>(value);
    std::lock_guard<std::mutex> guard(node->lock);
    std::vector<at::Tensor> result;
    for (auto& variable : node->saved) result.push_back(variable.unpack(node->shared_from_this()));
    return own_array(std::move(result), count);
  } catch (...) {
    store_error();
    return nullptr;
  }
}

static variable_list maybe_list(T const* tensors, int64_t count) { return tensors ? list(tensors, count) : variable_list(); }

EV_API int ev_backward(T const* tensors, int64_t n, T const* grads, int64_t m, int retain, int create, T const* inputs, int64_t k) {
  EV_STATUS(torch::autograd::backward(list(tensors, n), maybe_list(grads, m), retain != 0, create != 0, maybe_list(inputs, k)))
}

EV_API T* ev_gradients(T const* outputs, int64_t n, T const* inputs, int64_t k, T const* grads, int64_t m, int retain, int create,
                       int allow_unused, int64_t* count) {
  EV_ARRAY(torch::autograd::grad(list(outputs, n), list(inputs, k), maybe_list(grads, m), retain != 0, create != 0, allow_unused != 0),
           count)
}
