using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The sum of all elements.</summary>
        /// <remarks>
        /// As in TorchSharp, the literal in <c>sum(0)</c> becomes a type, not a dimension: write <c>sum(0L)</c> or <c>sum([0])</c>.
        /// </remarks>
        public Tensor sum(ScalarType? type = null) => New(Native.ev_sum(H, TypeCode(type)), this);

        /// <summary>The sums along dimensions.</summary>
        public unsafe Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null)
        {
            fixed (long* p = dim) return New(Native.ev_sum_d(H, p, dim.Length, Native.Flag(keepdim), TypeCode(type)), this);
        }

        /// <summary>The sums along dimensions.</summary>
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => sum(dim.AsSpan(), keepdim, type);

        /// <summary>The sums along a dimension.</summary>
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);

        /// <summary>The sums along two dimensions.</summary>
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1], keepdim, type);

        /// <summary>The sums along three dimensions.</summary>
        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null)
            => sum([dim0, dim1, dim2], keepdim, type);

        /// <summary>The mean of all elements.</summary>
        public Tensor mean() => New(Native.ev_mean(H, -1), this);

        /// <summary>The means along dimensions.</summary>
        public unsafe Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null)
        {
            fixed (long* p = dimensions) return New(Native.ev_mean_d(H, p, dimensions.Length, Native.Flag(keepdim), TypeCode(type)), this);
        }

        /// <summary>The product of all elements.</summary>
        public Tensor prod(ScalarType? type = null) => New(Native.ev_prod(H, TypeCode(type)), this);

        /// <summary>Running sums along a dimension.</summary>
        public Tensor cumsum(long dim, ScalarType? type = null) => New(Native.ev_cumsum(H, dim, TypeCode(type)), this);

        /// <summary>The variance of all elements.</summary>
        public Tensor var(bool unbiased = true) => New(Native.ev_var(H, Native.Flag(unbiased)), this);

        /// <summary>The variances along dimensions.</summary>
        public unsafe Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            fixed (long* p = dimensions)
                return Cast(New(Native.ev_var_d(H, p, dimensions.Length, Native.Flag(unbiased), Native.Flag(keepdim)), this), type);
        }

        /// <summary>The variances along dimensions.</summary>
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
            => var(dimensions.AsSpan(), unbiased, keepdim, type);

        /// <summary>The variances along a dimension.</summary>
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
            => var([dim], unbiased, keepdim, type);

        /// <summary>The standard deviation of all elements.</summary>
        public Tensor std(bool unbiased = true) => New(Native.ev_std(H, Native.Flag(unbiased)), this);

        /// <summary>The standard deviations along dimensions.</summary>
        public unsafe Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            fixed (long* p = dimensions)
                return Cast(New(Native.ev_std_d(H, p, dimensions.Length, Native.Flag(unbiased), Native.Flag(keepdim)), this), type);
        }

        /// <summary>The standard deviations along dimensions.</summary>
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
            => std(dimensions.AsSpan(), unbiased, keepdim, type);

        /// <summary>The standard deviations along a dimension.</summary>
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
            => std([dim], unbiased, keepdim, type);

        /// <summary>The p-norm of all elements.</summary>
        public Tensor norm(float p = 2.0f) => New(Native.ev_norm(H, p), this);

        /// <summary>The p-norms along a dimension.</summary>
        public unsafe Tensor norm(int dim, bool keepdim = false, float p = 2.0f)
        {
            long d = dim;
            return New(Native.ev_norm_d(H, p, &d, 1, Native.Flag(keepdim)), this);
        }

        /// <summary>Whether all elements are not zero.</summary>
        public Tensor all() => New(Native.ev_all(H), this);

        /// <summary>Whether all elements along a dimension are not zero.</summary>
        public Tensor all(long dim, bool keepdim = false) => New(Native.ev_all_d(H, dim, Native.Flag(keepdim)), this);

        /// <summary>Whether any element is not zero.</summary>
        public Tensor any() => New(Native.ev_any(H), this);

        /// <summary>Whether any element along a dimension is not zero.</summary>
        public Tensor any(long dim, bool keepdim = false) => New(Native.ev_any_d(H, dim, Native.Flag(keepdim)), this);

        /// <summary>The largest element.</summary>
        public Tensor max() => New(Native.ev_max(H), this);

        /// <summary>The larger of both, element by element.</summary>
        public Tensor max(Tensor other) => maximum(other);

        /// <summary>The largest elements along a dimension and their indices.</summary>
        public unsafe (Tensor values, Tensor indexes) max(long dim, bool keepdim = false)
        {
            nint first, second;
            return Pair(Native.ev_max_d(H, dim, Native.Flag(keepdim), &first, &second), first, second, this);
        }

        /// <summary>The smallest element.</summary>
        public Tensor min() => New(Native.ev_min(H), this);

        /// <summary>The smaller of both, element by element.</summary>
        public Tensor min(Tensor other) => minimum(other);

        /// <summary>The smallest elements along a dimension and their indices.</summary>
        public unsafe (Tensor values, Tensor indexes) min(long dim, bool keepdim = false)
        {
            nint first, second;
            return Pair(Native.ev_min_d(H, dim, Native.Flag(keepdim), &first, &second), first, second, this);
        }

        /// <summary>The largest elements along dimensions.</summary>
        public unsafe Tensor amax(long[] dims, bool keepdim = false)
        {
            fixed (long* p = dims) return New(Native.ev_amax(H, p, dims.Length, Native.Flag(keepdim)), this);
        }

        /// <summary>The smallest elements along dimensions.</summary>
        public unsafe Tensor amin(long[] dims, bool keepdim = false)
        {
            fixed (long* p = dims) return New(Native.ev_amin(H, p, dims.Length, Native.Flag(keepdim)), this);
        }

        /// <summary>The median of all elements (the lower one of two).</summary>
        public Tensor median() => New(Native.ev_median(H), this);

        /// <summary>The index of the largest element of the flattened tensor.</summary>
        public Tensor argmax() => New(Native.ev_argmax(H), this);

        /// <summary>The indices of the largest elements along a dimension.</summary>
        public Tensor argmax(long dim, bool keepdim = false) => New(Native.ev_argmax_d(H, dim, Native.Flag(keepdim)), this);

        /// <summary>The index of the smallest element of the flattened tensor.</summary>
        public Tensor argmin() => New(Native.ev_argmin(H), this);

        /// <summary>The indices of the smallest elements along a dimension.</summary>
        public Tensor argmin(long dim, bool keepdim = false) => New(Native.ev_argmin_d(H, dim, Native.Flag(keepdim)), this);

        /// <summary>The indices that sort along a dimension.</summary>
        public Tensor argsort(long dim = -1, bool descending = false) => New(Native.ev_argsort(H, dim, Native.Flag(descending)), this);

        /// <summary>The k largest (or smallest) elements along a dimension and their indices.</summary>
        public unsafe (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true)
        {
            nint first, second;
            return Pair(Native.ev_topk(H, k, dim, Native.Flag(largest), Native.Flag(sorted), &first, &second), first, second, this);
        }

        /// <summary>The elements sorted along a dimension and their indices.</summary>
        public unsafe (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false)
        {
            nint first, second;
            return Pair(Native.ev_sort(H, dim, Native.Flag(descending), Native.Flag(stable), &first, &second), first, second, this);
        }

        /// <summary>log(sum(exp(x))) along a dimension.</summary>
        public Tensor logsumexp(long dim, bool keepdim = false) => New(Native.ev_logsumexp(H, dim, Native.Flag(keepdim)), this);

        /// <summary>How often each integer occurs, optionally weighted.</summary>
        public Tensor bincount(Tensor? weights, long minlength = 0)
            => New(Native.ev_bincount(H, weights is null ? 0 : weights.H, minlength), this, weights);

        /// <summary>The matrix product, batched and broadcast over leading dimensions.</summary>
        public Tensor matmul(Tensor target) => New(Native.ev_matmul(H, target.H), this, target);

        /// <summary>The product of two matrices.</summary>
        public Tensor mm(Tensor target) => New(Native.ev_mm(H, target.H), this, target);

        /// <summary>The products of two batches of matrices.</summary>
        public Tensor bmm(Tensor batch2) => New(Native.ev_bmm(H, batch2.H), this, batch2);

        /// <summary>The product of a matrix and a vector.</summary>
        public Tensor mv(Tensor target) => New(Native.ev_mv(H, target.H), this, target);

        /// <summary>The inner product of two vectors.</summary>
        public Tensor dot(Tensor target) => New(Native.ev_dot(H, target.H), this, target);

        /// <summary>The outer product of two vectors.</summary>
        public Tensor outer(Tensor vec2) => New(Native.ev_outer(H, vec2.H), this, vec2);

        /// <summary>beta * this + alpha * mat1 mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1)
            => New(Native.ev_addmm(H, mat1.H, mat2.H, beta, alpha), this, mat1, mat2);

        /// <summary>beta * this + alpha * batch1 batch2, for batches of matrices.</summary>
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1)
            => New(Native.ev_baddbmm(H, batch1.H, batch2.H, beta, alpha), this, batch1, batch2);

        /// <summary>The lower triangle.</summary>
        public Tensor tril(long diagonal = 0) => New(Native.ev_tril(H, diagonal), this);

        /// <summary>The upper triangle.</summary>
        public Tensor triu(long diagonal = 0) => New(Native.ev_triu(H, diagonal), this);

        private static Tensor Cast(Tensor value, ScalarType? type)
        {
            if (type is null) return value;
            using (value) return value.to(type.Value);
        }
    }
}
