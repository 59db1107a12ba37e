// Views, joins and indexing.
#include "shim.h"
#include <ATen/TensorIndexing.h>

using namespace ev;

EV_API T ev_view(T t, const int64_t* s, int64_t n) { EV_TENSOR(t->view(sizes(s, n))) }
EV_API T ev_reshape(T t, const int64_t* s, int64_t n) { EV_TENSOR(t->reshape(sizes(s, n))) }
EV_API T ev_flatten(T t, int64_t start, int64_t end) { EV_TENSOR(t->flatten(start, end)) }
EV_API T ev_unflatten(T t, int64_t dim, const int64_t* s, int64_t n) {
  try {
    std::vector<int64_t> shape = t->sizes().vec();
    int64_t d = at::maybe_wrap_dim(dim, t->dim());
    shape.erase(shape.begin() + d);
    shape.insert(shape.begin() + d, s, s + n);
    return own(t->view(shape));
  } catch (...) {
    store_error();
    return nullptr;
  }
}
EV_API T ev_permute(T t, const int64_t* d, int64_t n) { EV_TENSOR(t->permute(sizes(d, n))) }
EV_API T ev_transpose(T t, int64_t a, int64_t b) { EV_TENSOR(t->transpose(a, b)) }
EV_API T ev_t(T t) { EV_TENSOR(t->t()) }
EV_API T ev_squeeze(T t) { EV_TENSOR(t->squeeze()) }
EV_API T ev_squeeze_d(T t, int64_t dim) { EV_TENSOR(t->squeeze(dim)) }
EV_API T ev_unsqueeze(T t, int64_t dim) { EV_TENSOR(t->unsqueeze(dim)) }
EV_API T ev_expand(T t, const int64_t* s, int64_t n, int implicit) { EV_TENSOR(t->expand(sizes(s, n), implicit != 0)) }
EV_API T ev_repeat(T t, const int64_t* s, int64_t n) { EV_TENSOR(t->repeat(sizes(s, n))) }
EV_API T ev_repeat_interleave(T t, int64_t repeats, int64_t dim, int has_dim) {
  EV_TENSOR(t->repeat_interleave(repeats, has_dim ? ev::optional<int64_t>(dim) : ev::optional<int64_t>()))
}
EV_API T ev_narrow(T t, int64_t dim, int64_t start, int64_t length) { EV_TENSOR(t->narrow(dim, start, length)) }
EV_API T ev_slice(T t, int64_t dim, int64_t start, int64_t finish, int64_t step) { EV_TENSOR(t->slice(dim, start, finish, step)) }
EV_API T ev_select(T t, int64_t dim, int64_t index) { EV_TENSOR(t->select(dim, index)) }
EV_API T ev_diagonal(T t, int64_t offset, int64_t a, int64_t b) { EV_TENSOR(t->diagonal(offset, a, b)) }
EV_API T ev_index_select(T t, int64_t dim, T index) { EV_TENSOR(t->index_select(dim, *index)) }
EV_API T ev_gather(T t, int64_t dim, T index) { EV_TENSOR(t->gather(dim, *index)) }
EV_API T ev_scatter(T t, int64_t dim, T index, T source) { EV_TENSOR(t->scatter(dim, *index, *source)) }
EV_API int ev_scatter_(T t, int64_t dim, T index, T source) { EV_STATUS(t->scatter_(dim, *index, *source)) }
EV_API int ev_scatter_add_(T t, int64_t dim, T index, T source) { EV_STATUS(t->scatter_add_(dim, *index, *source)) }
EV_API int ev_index_add_(T t, int64_t dim, T index, T source, EvScalar alpha) {
  EV_STATUS(t->index_add_(dim, *index, *source, scalar(alpha)))
}
EV_API int ev_index_copy_(T t, int64_t dim, T index, T source) { EV_STATUS(t->index_copy_(dim, *index, *source)) }
EV_API T ev_masked_select(T t, T mask) { EV_TENSOR(t->masked_select(*mask)) }
EV_API T ev_nonzero(T t) { EV_TENSOR(t->nonzero()) }
EV_API T ev_roll(T t, const int64_t* shifts, int64_t n, const int64_t* dims, int64_t m) {
  EV_TENSOR(t->roll(sizes(shifts, n), sizes(dims, m)))
}
EV_API T ev_flip(T t, const int64_t* dims, int64_t n) { EV_TENSOR(t->flip(sizes(dims, n))) }
EV_API T ev_cat(T const* tensors, int64_t n, int64_t dim) { EV_TENSOR(at::cat(list(tensors, n), dim)) }
EV_API T ev_stack(T const* tensors, int64_t n, int64_t dim) { EV_TENSOR(at::stack(list(tensors, n), dim)) }
EV_API T* ev_split(T t, int64_t size, int64_t dim, int64_t* count) { EV_ARRAY(t->split(size, dim), count) }
EV_API T* ev_split_sizes(T t, const int64_t* s, int64_t n, int64_t dim, int64_t* count) {
  EV_ARRAY(t->split_with_sizes(sizes(s, n), dim), count)
}
EV_API T* ev_chunk(T t, int64_t chunks, int64_t dim, int64_t* count) { EV_ARRAY(t->chunk(chunks, dim), count) }
EV_API T* ev_unbind(T t, int64_t dim, int64_t* count) { EV_ARRAY(t->unbind(dim), count) }
EV_API T* ev_where_list(T condition, int64_t* count) { EV_ARRAY(at::where(*condition), count) }

// One index of x[...]: kind 0 None (new axis), 1 ellipsis, 2 single, 3 boolean, 4 slice, 5 tensor. INT64_MIN marks an absent bound.
struct EvIndex {
  int64_t kind, start, stop, step;
  T tensor;
};

#if TORCH_VERSION_MAJOR < 2
using Bound = int64_t;
#else
using Bound = c10::SymInt;
#endif

static std::vector<at::indexing::TensorIndex> indices(const EvIndex* items, int64_t n) {
  using namespace at::indexing;
  std::vector<TensorIndex> result;
  auto bound = [](int64_t v) { return v == INT64_MIN ? ev::optional<Bound>() : ev::optional<Bound>(Bound(v)); };
  for (int64_t i = 0; i < n; i++) {
    const EvIndex& item = items[i];
    switch (item.kind) {
      case 0: result.emplace_back(at::indexing::None); break;
      case 1: result.emplace_back(at::indexing::Ellipsis); break;
      case 2: result.emplace_back(item.start); break;
      case 3: result.emplace_back(item.start != 0); break;
      case 4: result.emplace_back(Slice(bound(item.start), bound(item.stop), bound(item.step))); break;
      default: result.emplace_back(*item.tensor); break;
    }
  }
  return result;
}

EV_API T ev_index(T t, const EvIndex* items, int64_t n) { EV_TENSOR(t->index(indices(items, n))) }
EV_API int ev_index_put_(T t, const EvIndex* items, int64_t n, T value) { EV_STATUS(t->index_put_(indices(items, n), *value)) }
EV_API int ev_index_put_s_(T t, const EvIndex* items, int64_t n, EvScalar value) {
  EV_STATUS(t->index_put_(indices(items, n), scalar(value)))
}
