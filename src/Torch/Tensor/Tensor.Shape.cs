using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same memory with another size; one entry may be -1.</summary>
        public unsafe Tensor view(params long[] shape)
        {
            fixed (long* p = shape) return New(Native.ev_view(H, p, shape.Length), this);
        }

        /// <summary>The same elements with another size, copied only if they must be.</summary>
        public unsafe Tensor reshape(params long[] shape)
        {
            fixed (long* p = shape) return New(Native.ev_reshape(H, p, shape.Length), this);
        }

        /// <summary>The same memory with the size of another tensor.</summary>
        public Tensor view_as(Tensor other) => view(other.shape);

        /// <summary>Joins the dimensions from <paramref name="start_dim"/> to <paramref name="end_dim"/>.</summary>
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => New(Native.ev_flatten(H, start_dim, end_dim), this);

        /// <summary>Splits one dimension into several.</summary>
        public unsafe Tensor unflatten(long dim, params long[] sizes)
        {
            fixed (long* p = sizes) return New(Native.ev_unflatten(H, dim, p, sizes.Length), this);
        }

        /// <summary>The dimensions in another order.</summary>
        public unsafe Tensor permute(params long[] permutation)
        {
            fixed (long* p = permutation) return New(Native.ev_permute(H, p, permutation.Length), this);
        }

        /// <summary>The dimensions in another order.</summary>
        public Tensor permute(IEnumerable<long> permutation) => permute([.. permutation]);

        /// <summary>Two dimensions swapped.</summary>
        public Tensor transpose(long dim0, long dim1) => New(Native.ev_transpose(H, dim0, dim1), this);

        /// <summary>The transposed matrix.</summary>
        public Tensor t() => New(Native.ev_t(H), this);

        /// <summary>The last two dimensions swapped.</summary>
        public Tensor mT => transpose(-2, -1);

        /// <summary>Without the dimension when its size is one (null: without all of size one).</summary>
        public Tensor squeeze(long? dim = null) => New(dim is null ? Native.ev_squeeze(H) : Native.ev_squeeze_d(H, dim.Value), this);

        /// <summary>With a dimension of size one inserted.</summary>
        public Tensor unsqueeze(long dim) => New(Native.ev_unsqueeze(H, dim), this);

        /// <summary>Dimensions of size one repeated without copying; -1 keeps a size.</summary>
        public unsafe Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false)
        {
            fixed (long* p = sizes) return New(Native.ev_expand(H, p, sizes.Length, Native.Flag(isImplicit)), this);
        }

        /// <summary>Dimensions of size one repeated without copying; -1 keeps a size.</summary>
        public Tensor expand(long[] sizes, bool isImplicit = false) => expand(sizes.AsSpan(), isImplicit);

        /// <summary>Dimensions of size one repeated without copying; -1 keeps a size.</summary>
        public Tensor expand(params long[] sizes) => expand(sizes.AsSpan());

        /// <summary>Expanded to the size of another tensor.</summary>
        public Tensor expand_as(Tensor other) => expand(other.shape);

        /// <summary>The tensor repeated along every dimension.</summary>
        public unsafe Tensor repeat(params long[] sizes)
        {
            fixed (long* p = sizes) return New(Native.ev_repeat(H, p, sizes.Length), this);
        }

        /// <summary>Every element repeated in place, along a dimension or flattened.</summary>
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null)
            => New(Native.ev_repeat_interleave(H, repeats, dim ?? 0, Native.Flag(dim is not null)), this);

        /// <summary>A range of a dimension.</summary>
        public Tensor narrow(long dim, long start, long length) => New(Native.ev_narrow(H, dim, start, length), this);

        /// <summary>Every step-th position of a dimension from start up to finish.</summary>
        public Tensor slice(long dim, long start, long finish, long step) => New(Native.ev_slice(H, dim, start, finish, step), this);

        /// <summary>One position of a dimension, which disappears.</summary>
        public Tensor select(long dim, long index) => New(Native.ev_select(H, dim, index), this);

        /// <summary>The diagonal of two dimensions.</summary>
        public Tensor diagonal(long offset = 0L, long dim1 = 0L, long dim2 = 1L) => New(Native.ev_diagonal(H, offset, dim1, dim2), this);

        /// <summary>The given positions of a dimension.</summary>
        public Tensor index_select(long dim, Tensor index) => New(Native.ev_index_select(H, dim, index.H), this, index);

        /// <summary>Elements gathered along a dimension.</summary>
        public Tensor gather(long dim, Tensor index) => New(Native.ev_gather(H, dim, index.H), this, index);

        /// <summary>A copy with <paramref name="src"/> written at positions along a dimension.</summary>
        public Tensor scatter(long dim, Tensor index, Tensor src) => New(Native.ev_scatter(H, dim, index.H, src.H), this, index, src);

        /// <summary>Writes <paramref name="src"/> at positions along a dimension.</summary>
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Self(Native.ev_scatter_(H, dim, index.H, src.H), index, src);

        /// <summary>Adds <paramref name="src"/> at positions along a dimension.</summary>
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Self(Native.ev_scatter_add_(H, dim, index.H, src.H), index, src);

        /// <summary>Adds alpha times slices of <paramref name="source"/> at positions of a dimension.</summary>
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha)
            => Self(Native.ev_index_add_(H, dim, index.H, source.H, Scalar.Of(alpha)), index, source);

        /// <summary>Writes slices of <paramref name="source"/> at positions of a dimension.</summary>
        public Tensor index_copy_(long dim, Tensor index, Tensor source)
            => Self(Native.ev_index_copy_(H, dim, index.H, source.H), index, source);

        /// <summary>The elements where the mask is true, in one dimension.</summary>
        public Tensor masked_select(Tensor mask) => New(Native.ev_masked_select(H, mask.H), this, mask);

        /// <summary>The positions that are not zero, one row each.</summary>
        public Tensor nonzero() => New(Native.ev_nonzero(H), this);

        /// <summary>Shifted along a dimension (null: flattened); what leaves at one end returns at the other.</summary>
        public Tensor roll(long shifts, long? dims = null) => roll([shifts], dims is { } dim ? [dim] : []);

        /// <summary>Shifted along dimensions.</summary>
        public unsafe Tensor roll(long[] shifts, long[] dims)
        {
            fixed (long* s = shifts, d = dims) return New(Native.ev_roll(H, s, shifts.Length, d, dims.Length), this);
        }

        /// <summary>Reversed along dimensions.</summary>
        public unsafe Tensor flip(params long[] dims)
        {
            fixed (long* p = dims) return New(Native.ev_flip(H, p, dims.Length), this);
        }

        /// <summary>Pieces of a size along a dimension; the last may be smaller.</summary>
        public unsafe Tensor[] split(long size, int dim = 0)
        {
            long count;
            return Many(Native.ev_split(H, size, dim, &count), count, this);
        }

        /// <summary>Pieces of the given sizes along a dimension.</summary>
        public unsafe Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0)
        {
            long count;
            fixed (long* p = sizes) return Many(Native.ev_split_sizes(H, p, sizes.Length, dim, &count), count, this);
        }

        /// <summary>Pieces of the given sizes along a dimension.</summary>
        public Tensor[] split(long[] sizes, long dim = 0) => split(sizes.AsSpan(), dim);

        /// <summary>A number of pieces along a dimension.</summary>
        public unsafe Tensor[] chunk(long chunks, long dim = 0)
        {
            long count;
            return Many(Native.ev_chunk(H, chunks, dim, &count), count, this);
        }

        /// <summary>The slices along a dimension, which disappears.</summary>
        public unsafe Tensor[] unbind(long dimension = 0L)
        {
            long count;
            return Many(Native.ev_unbind(H, dimension, &count), count, this);
        }

        /// <summary>The elements in row-major order without gaps, copied only if they must be.</summary>
        public Tensor contiguous() => New(Native.ev_contiguous(H), this);

        /// <summary>A copy, inside the graph.</summary>
        public Tensor clone() => New(Native.ev_clone(H), this);

        /// <summary>Another tensor for the same memory.</summary>
        public Tensor alias() => New(Native.ev_alias(H), this);

        /// <summary>Copies the elements of a tensor of a compatible size into this one.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false)
            => Self(Native.ev_copy_(H, source.H, Native.Flag(nonBlocking)), source);

        /// <summary>Sets all elements to zero.</summary>
        public Tensor zero_() => Self(Native.ev_zero_(H));

        /// <summary>Sets all elements to a number.</summary>
        public Tensor fill_(Scalar value) => Self(Native.ev_fill_(H, Scalar.Of(value)));
    }
}
