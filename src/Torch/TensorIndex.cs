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

        /// <summary>Positions given by a tensor.</summary>
        public static implicit operator TensorIndex(Tensor tensor) => Tensor(tensor);

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
        public Tensor this[params TensorIndex[] items]
        {
            get => index(items);
            set => index_put_(value, items);
        }

        /// <summary>The elements where a mask is true, or the rows that integers name.</summary>
        public Tensor this[Tensor index]
        {
            get => this[TensorIndex.Tensor(index)];
            set => this[TensorIndex.Tensor(index)] = value;
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
