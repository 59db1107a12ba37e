using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TorchSharp.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A multi-dimensional array of numbers, owned by libtorch. Dispose it, or make it inside a <see cref="DisposeScope"/>; the finalizer
    /// is only the last resort. Operations throw <see cref="ExternalException"/> with libtorch's message.
    /// </summary>
    [SuppressMessage("Usage", "CA2225", Justification = "The API of TorchSharp.")]
    public partial class Tensor : IDisposable
    {
        private const long PressureFrom = 1 << 16;

        private nint _handle;
        private long _pressure;

        internal Tensor(nint handle)
        {
            _handle = handle;
            // A scope will free the tensor in time. Telling the collector of its size, too, makes it collect dozens of times per training step.
            if (DisposeScope.Current is { } scope)
                scope.Include(this);
            else
                AddPressure();
        }

        /// <summary>Frees the native tensor if nobody disposed this object.</summary>
        ~Tensor() => Free();

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <summary>The native tensor.</summary>
        /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
        public nint Handle => H;

        internal nint H
            => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Tensor),
                "The tensor was disposed, or its dispose scope ended.");

        /// <summary>Whether the tensor was disposed.</summary>
        public bool IsInvalid => _handle == 0;

        /// <summary>Frees the native tensor.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Frees the native tensor.</summary>
        protected virtual void Dispose(bool disposing)
        {
            OwningDisposeScope?.Forget(this);
            Free();
        }

        private void AddPressure()
        {
            long bytes = Native.ev_numel(_handle) * Native.ev_element_size(_handle);
            if (bytes < PressureFrom) return;
            _pressure = bytes;
            GC.AddMemoryPressure(bytes);
        }

        private void Free()
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            if (handle == 0) return;
            Native.ev_free(handle);
            if (_pressure > 0) GC.RemoveMemoryPressure(_pressure);
        }

        /// <summary>Takes the native tensor away from this object, which becomes invalid.</summary>
        internal nint MoveHandle()
        {
            nint handle = H;
            OwningDisposeScope?.Forget(this);
            _handle = 0;
            if (_pressure > 0) GC.RemoveMemoryPressure(_pressure);
            GC.SuppressFinalize(this);
            return handle;
        }

        // The operands are passed along so that they stay reachable, and their finalizers do not run, while the native call works on them.
        internal static Tensor New(nint result, Tensor? a = null, Tensor? b = null, Tensor? c = null, Tensor? d = null)
        {
            GC.KeepAlive(a);
            GC.KeepAlive(b);
            GC.KeepAlive(c);
            GC.KeepAlive(d);
            return result != 0 ? new Tensor(result) : throw Native.Error();
        }

        internal Tensor Self(int status, Tensor? b = null, Tensor? c = null, Tensor? d = null)
        {
            GC.KeepAlive(this);
            GC.KeepAlive(b);
            GC.KeepAlive(c);
            GC.KeepAlive(d);
            return status >= 0 ? this : throw Native.Error();
        }

        internal static (Tensor, Tensor) Pair(int status, nint first, nint second, Tensor keep)
        {
            GC.KeepAlive(keep);
            return status >= 0 ? (new Tensor(first), new Tensor(second)) : throw Native.Error();
        }

        internal static unsafe Tensor[] Many(nint* array, long count, Tensor? keep = null)
        {
            GC.KeepAlive(keep);
            if (array is null) throw Native.Error();
            var result = new Tensor[count];
            for (long i = 0; i < count; i++) result[i] = array[i] == 0 ? null! : new Tensor(array[i]);
            Native.ev_free_array(array);
            return result;
        }

        /// <summary>Hands the tensor to the scope around the one that owns it.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of its scope: the caller disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Forget(this);
            return this;
        }

        /// <summary>Hands the tensor to the scope that owns <paramref name="other"/>.</summary>
        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        /// <summary>Hands the tensor to another scope (null: to nobody).</summary>
        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            OwningDisposeScope?.Forget(this);
            other?.Include(this);
            return this;
        }

        /// <summary>The number of dimensions.</summary>
        public long ndim => dim();

        /// <summary>The number of dimensions.</summary>
        public long dim()
        {
            long result = Native.ev_dim(H);
            GC.KeepAlive(this);
            return result;
        }

        /// <summary>The number of dimensions.</summary>
        public long Dimensions => dim();

        /// <summary>The number of elements.</summary>
        public long numel()
        {
            long result = Native.ev_numel(H);
            GC.KeepAlive(this);
            return result;
        }

        /// <summary>The number of elements.</summary>
        public long NumberOfElements => numel();

        /// <summary>The bytes of one element.</summary>
        public long ElementSize
        {
            get
            {
                long result = Native.ev_element_size(H);
                GC.KeepAlive(this);
                return result;
            }
        }

        /// <summary>The bytes of one element.</summary>
        public long element_size() => ElementSize;

        /// <summary>The type of the elements.</summary>
        public ScalarType dtype
        {
            get
            {
                var result = (ScalarType)Native.ev_dtype(H);
                GC.KeepAlive(this);
                return result;
            }
        }

        /// <summary>Where the tensor lives.</summary>
        public Device device
        {
            get
            {
                var kind = (DeviceType)Native.ev_device_type(H);
                int index = Native.ev_device_index(H);
                GC.KeepAlive(this);
                return kind == DeviceType.CPU ? CPU : new Device(kind, index);
            }
        }

        /// <summary>The kind of device that the tensor lives on.</summary>
        public DeviceType device_type => device.type;

        /// <summary>The number of the device that the tensor lives on; -1 for the processor.</summary>
        public int device_index => device.index;

        /// <summary>The size of every dimension.</summary>
        public unsafe long[] shape
        {
            get
            {
                long* sizes = stackalloc long[64];
                int count = Native.ev_sizes(H, sizes);
                GC.KeepAlive(this);
                return new Span<long>(sizes, count).ToArray();
            }
        }

        /// <summary>The size of every dimension.</summary>
        public long[] size() => shape;

        /// <summary>The size of one dimension; negative numbers count from the end.</summary>
        public long size(int dim)
        {
            long[] all = shape;
            return all[dim < 0 ? dim + all.Length : dim];
        }

        /// <summary>The distance in elements between neighbours, for every dimension.</summary>
        public unsafe long[] stride()
        {
            var result = new long[dim()];
            fixed (long* p = result) Native.Check(Native.ev_strides(H, p));
            GC.KeepAlive(this);
            return result;
        }

        /// <summary>The distance in elements between neighbours of one dimension.</summary>
        public long stride(int dim)
        {
            long[] all = stride();
            return all[dim < 0 ? dim + all.Length : dim];
        }

        /// <summary>Whether the elements lie in row-major order without gaps.</summary>
        public bool is_contiguous()
        {
            bool result = Native.ev_is_contiguous(H) != 0;
            GC.KeepAlive(this);
            return result;
        }

        /// <summary>Whether the elements are floating-point numbers.</summary>
        public bool is_floating_point() => torch.is_floating_point(dtype);

        /// <summary>Whether the elements are integers or booleans.</summary>
        public bool is_integral() => torch.is_integral(dtype);

        /// <summary>
        /// The elements, for reading and writing (of a tensor on a GPU: of a copy). Use it while the tensor is alive.
        /// </summary>
        /// <exception cref="ArgumentException">The tensor has elements of another type, or bfloat16, which C# lacks.</exception>
        public TensorAccessor<T> data<T>() where T : unmanaged => new(this);

        /// <summary>The memory of a contiguous CPU tensor, in bytes; setting copies into it.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not a contiguous CPU tensor.</exception>
        public unsafe Span<byte> bytes
        {
            get
            {
                RequireContiguousCpu("bytes");
                return new Span<byte>((void*)DataPointer(), checked((int)(numel() * ElementSize)));
            }
            set
            {
                Span<byte> target = bytes;
                if (value.Length != target.Length)
                    throw new ArgumentException($"The tensor has {target.Length} bytes, {value.Length} were given.");
                value.CopyTo(target);
                GC.KeepAlive(this);
            }
        }

        internal nint DataPointer()
        {
            nint result = Native.ev_data(H);
            return result != 0 ? result : throw Native.Error();
        }

        internal void RequireType(Type type)
        {
            if (TypeOf(type) != dtype)
                throw new ArgumentException($"The tensor's elements are of type {dtype}, not {type.Name}. Convert it first, with to().");
        }

        internal void RequireContiguousCpu(string what)
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException($"{what} needs a tensor on the CPU; this one is on {device}. Use cpu() first.");
            if (!is_contiguous()) throw new InvalidOperationException($"{what} needs a contiguous tensor. Use contiguous() first.");
        }

        /// <summary>The element of a tensor that has only one, as <typeparamref name="T"/>, which must match the tensor's type.</summary>
        /// <exception cref="ArgumentException">
        /// The tensor has more than one element, or <typeparamref name="T"/> is another type.
        /// </exception>
        public T item<T>() where T : unmanaged
        {
            if (numel() != 1) throw new ArgumentException($"item() needs a tensor of one element; this one has {numel()}.");
            RequireType(typeof(T));
            (bool real, double value, long integer) = Element();
            object boxed = Type.GetTypeCode(typeof(T)) switch
            {
                System.TypeCode.Single => (float)value,
                System.TypeCode.Double => value,
                System.TypeCode.Int64 => integer,
                System.TypeCode.Int32 => (int)integer,
                System.TypeCode.Int16 => (short)integer,
                System.TypeCode.SByte => (sbyte)integer,
                System.TypeCode.Byte => (byte)integer,
                System.TypeCode.Boolean => integer != 0,
                _ => (Half)(real ? value : integer),
            };
            return (T)boxed;
        }

        /// <summary>The element of a tensor that has only one, as a scalar.</summary>
        public Scalar ToScalar()
        {
            (bool real, double value, long integer) = Element();
            return real ? value : dtype == ScalarType.Bool ? integer != 0 : integer;
        }

        /// <summary>The only element, converted to a single-precision number.</summary>
        public float ToSingle() => (float)ToDouble();

        /// <summary>The only element, converted to a double-precision number.</summary>
        public double ToDouble()
        {
            (bool real, double value, long integer) = Element();
            return real ? value : integer;
        }

        /// <summary>The only element, converted to a 64-bit integer.</summary>
        public long ToInt64()
        {
            (bool real, double value, long integer) = Element();
            return real ? (long)value : integer;
        }

        /// <summary>The only element, converted to a 32-bit integer.</summary>
        public int ToInt32() => checked((int)ToInt64());

        /// <summary>Whether the only element is not zero.</summary>
        public bool ToBoolean() => ToDouble() != 0;

        private unsafe (bool Real, double Value, long Integer) Element()
        {
            double value = 0;
            long integer = 0;
            int status = Native.ev_item(H, &value, &integer);
            GC.KeepAlive(this);
            Native.Check(status);
            return (status == 1, value, integer);
        }
    }
}
