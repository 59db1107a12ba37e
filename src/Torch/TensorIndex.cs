using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>One entry of <c>x[...]</c>: a position, a range, a new axis, the ellipsis, a boolean or a tensor of positions.</summary>
    public struct TensorIndex
    {
        private const long Absent = long.MinValue;

        private NativeIndex _native;
        private Tensor? _tensor;

        /// <summary>All dimensions that no other entry mentions.</summary>
        public static readonly TensorIndex Ellipsis = new() { _native = new NativeIndex { Kind = 1 } };

        /// <summary>A new dimension of size one.</summary>
        public static readonly TensorIndex None = new() { _native = new NativeIndex { Kind = 0 } };

        /// <summary>A new dimension of size one.</summary>
        public static readonly TensorIndex Null = None;

        /// <summary>A whole dimension.</summary>
        public static readonly TensorIndex Colon = Slice();

        /// <summary>Positions from start up to stop, every step-th.</summary>
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null)
            => new() { _native = new NativeIndex { Kind = 4, Start = start ?? Absent, Stop = stop ?? Absent, Step = step ?? Absent } };

        /// <summary>Positions from start up to end.</summary>
        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, range.end);

        /// <summary>A range as C# writes it.</summary>
        public static TensorIndex Slice(Range range)
        {
            long start = range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value;
            long? end = !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value;
            return Slice(range.Start.IsFromEnd && range.Start.Value == 0 ? long.MaxValue : start, end);
        }

        /// <summary>A boolean: true adds a dimension of size one, false one of size zero.</summary>
        public static TensorIndex Bool(bool value) => new() { _native = new NativeIndex { Kind = 3, Start = value ? 1 : 0 } };

        /// <summary>One position.</summary>
        public static TensorIndex Single(long? index) => new() { _native = new NativeIndex { Kind = 2, Start = index ?? 0 } };

        /// <summary>Positions given by a tensor of integers, or a mask.</summary>
        public static TensorIndex Tensor(Tensor tensor) => new() { _native = new NativeIndex { Kind = 5 }, _tensor = tensor };

        /// <summary>One position.</summary>
        public static implicit operator TensorIndex(long value) => Single(value);

        /// <summary>A range.</summary>
        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);

        /// <summary>A range.</summary>
        public static implicit operator TensorIndex(Range range) => Slice(range);

        /// <summary>One position, possibly from the end.</summary>
        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        internal static NativeIndex[] ToNative(TensorIndex[] indices)
        {
            var result = new NativeIndex[indices.Length];
            for (int i = 0; i < indices.Length; i++)
            {
                result[i] = indices[i]._native;
                if (result[i].Kind == 5) result[i].Tensor = indices[i]._tensor!.H;
            }
            return result;
        }
    }

    public partial class Tensor
    {
        /// <summary>A part of the tensor: <c>x[0, .., TensorIndex.Slice(0, 2)]</c>; setting writes into it.</summary>
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>The elements where a mask is true, or the rows that integers name; one tensor per dimension.</summary>
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(Array.ConvertAll(indices, TensorIndex.Tensor));
            set => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));
        }

        /// <summary>The part at a position of the first dimension.</summary>
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => index(TensorIndex.Single(i1));
            set => index_put_(value, TensorIndex.Single(i1));
        }

        /// <summary>The part at positions of the first 2 dimensions.</summary>
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2));
        }

        /// <summary>The part at positions of the first 3 dimensions.</summary>
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3));
        }

        /// <summary>The part at positions of the first 4 dimensions.</summary>
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3), TensorIndex.Single(i4));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3), TensorIndex.Single(i4));
        }

        /// <summary>A part of the tensor.</summary>
        public unsafe Tensor index(params TensorIndex[] indices)
        {
            NativeIndex[] native = TensorIndex.ToNative(indices);
            fixed (NativeIndex* p = native)
            {
                nint result = Native.ev_index(H, p, native.Length);
                GC.KeepAlive(indices);
                return New(result, this);
            }
        }

        /// <summary>Writes a tensor into a part of this one.</summary>
        public unsafe Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            NativeIndex[] native = TensorIndex.ToNative(indices);
            fixed (NativeIndex* p = native)
            {
                int status = Native.ev_index_put_(H, p, native.Length, value.H);
                GC.KeepAlive(indices);
                return Self(status, value);
            }
        }

        /// <summary>Writes a number into a part of this tensor.</summary>
        public unsafe Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            NativeIndex[] native = TensorIndex.ToNative(indices);
            fixed (NativeIndex* p = native)
            {
                int status = Native.ev_index_put_s_(H, p, native.Length, Scalar.Of(value));
                GC.KeepAlive(indices);
                return Self(status);
            }
        }
    }
}
