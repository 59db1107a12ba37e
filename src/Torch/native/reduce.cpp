// Reductions, ordering and matrix products.
#include "shim.h"

using namespace ev;

#define EV_PAIR(expression) \
  try { \
    auto pair = expression; \
    *first = own(std::get<0>(pair)); \
    *second = own(std::get<1>(pair)); \
    return 0; \
  } catch (...) { \
    store_error(); \
    return -1; \
  }

EV_API T ev_sum(T t, int dtype) { EV_TENSOR(at::sum(*t, maybe_type(dtype))) }
EV_API T ev_sum_d(T t, const int64_t* d, int64_t n, int keep, int dtype) {
  EV_TENSOR(at::sum(*t, sizes(d, n), keep != 0, maybe_type(dtype)))
}
EV_API T ev_mean(T t, int dtype) { EV_TENSOR(at::mean(*t, maybe_type(dtype))) }
EV_API T ev_mean_d(T t, const int64_t* d, int64_t n, int keep, int dtype) {
  EV_TENSOR(at::mean(*t, sizes(d, n), keep != 0, maybe_type(dtype)))
}
EV_API T ev_prod(T t, int dtype) { EV_TENSOR(at::prod(*t, maybe_type(dtype))) }
EV_API T ev_cumsum(T t, int64_t dim, int dtype) { EV_TENSOR(at::cumsum(*t, dim, maybe_type(dtype))) }
EV_API T ev_var(T t, int unbiased) { EV_TENSOR(at::var(*t, unbiased != 0)) }
EV_API T ev_var_d(T t, const int64_t* d, int64_t n, int unbiased, int keep) {
  EV_TENSOR(at::var(*t, sizes(d, n), unbiased != 0, keep != 0))
}
EV_API T ev_std(T t, int unbiased) { EV_TENSOR(at::std(*t, unbiased != 0)) }
EV_API T ev_std_d(T t, const int64_t* d, int64_t n, int unbiased, int keep) {
  EV_TENSOR(at::std(*t, sizes(d, n), unbiased != 0, keep != 0))
}
EV_API T ev_norm(T t, double p) { EV_TENSOR(at::norm(*t, p)) }
EV_API T ev_norm_d(T t, double p, const int64_t* d, int64_t n, int keep) { EV_TENSOR(at::norm(*t, at::Scalar(p), sizes(d, n), keep != 0)) }
EV_API T ev_all(T t) { EV_TENSOR(at::all(*t)) }
EV_API T ev_all_d(T t, int64_t dim, int keep) { EV_TENSOR(at::all(*t, dim, keep != 0)) }
EV_API T ev_any(T t) { EV_TENSOR(at::any(*t)) }
EV_API T ev_any_d(T t, int64_t dim, int keep) { EV_TENSOR(at::any(*t, dim, keep != 0)) }
EV_API T ev_max(T t) { EV_TENSOR(at::max(*t)) }
EV_API T ev_min(T t) { EV_TENSOR(at::min(*t)) }
EV_API T ev_amax(T t, const int64_t* d, int64_t n, int keep) { EV_TENSOR(at::amax(*t, sizes(d, n), keep != 0)) }
EV_API T ev_amin(T t, const int64_t* d, int64_t n, int keep) { EV_TENSOR(at::amin(*t, sizes(d, n), keep != 0)) }
EV_API int ev_max_d(T t, int64_t dim, int keep, T* first, T* second) { EV_PAIR(at::max(*t, dim, keep != 0)) }
EV_API int ev_min_d(T t, int64_t dim, int keep, T* first, T* second) { EV_PAIR(at::min(*t, dim, keep != 0)) }
EV_API T ev_median(T t) { EV_TENSOR(at::median(*t)) }
EV_API T ev_argmax(T t) { EV_TENSOR(at::argmax(*t)) }
EV_API T ev_argmax_d(T t, int64_t dim, int keep) { EV_TENSOR(at::argmax(*t, dim, keep != 0)) }
EV_API T ev_argmin(T t) { EV_TENSOR(at::argmin(*t)) }
EV_API T ev_argmin_d(T t, int64_t dim, int keep) { EV_TENSOR(at::argmin(*t, dim, keep != 0)) }
EV_API T ev_argsort(T t, int64_t dim, int descending) { EV_TENSOR(at::argsort(*t, dim, descending != 0)) }
EV_API int ev_topk(T t, int64_t k, int64_t dim, int largest, int sorted, T* first, T* second) {
  EV_PAIR(at::topk(*t, k, dim, largest != 0, sorted != 0))
}
EV_API int ev_sort(T t, int64_t dim, int descending, int stable, T* first, T* second) {
  EV_PAIR(at::sort(*t, ev::optional<bool>(stable != 0), dim, descending != 0))
}
EV_API T ev_logsumexp(T t, int64_t dim, int keep) { EV_TENSOR(at::logsumexp(*t, {dim}, keep != 0)) }
EV_API T ev_bincount(T t, T weights, int64_t minimum) { EV_TENSOR(at::bincount(*t, maybe(weights), minimum)) }

EV_API T ev_matmul(T a, T b) { EV_TENSOR(at::matmul(*a, *b)) }
EV_API T ev_mm(T a, T b) { EV_TENSOR(at::mm(*a, *b)) }
EV_API T ev_bmm(T a, T b) { EV_TENSOR(at::bmm(*a, *b)) }
EV_API T ev_mv(T a, T b) { EV_TENSOR(at::mv(*a, *b)) }
EV_API T ev_dot(T a, T b) { EV_TENSOR(at::dot(*a, *b)) }
EV_API T ev_outer(T a, T b) { EV_TENSOR(at::outer(*a, *b)) }
EV_API T ev_addmm(T t, T a, T b, float beta, float alpha) { EV_TENSOR(at::addmm(*t, *a, *b, beta, alpha)) }
EV_API T ev_baddbmm(T t, T a, T b, float beta, float alpha) { EV_TENSOR(at::baddbmm(*t, *a, *b, beta, alpha)) }
EV_API T ev_einsum(const char* equation, T const* tensors, int64_t n) { EV_TENSOR(at::einsum(equation, list(tensors, n))) }
EV_API T ev_tril(T t, int64_t diagonal) { EV_TENSOR(at::tril(*t, diagonal)) }
EV_API T ev_triu(T t, int64_t diagonal) { EV_TENSOR(at::triu(*t, diagonal)) }
EV_API T ev_cosine_similarity(T a, T b, int64_t dim, double eps) { EV_TENSOR(at::cosine_similarity(*a, *b, dim, eps)) }
