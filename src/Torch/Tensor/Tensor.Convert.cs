using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The tensor with another element type (itself if it has it already).</summary>
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
            => Moved(Native.ev_to_dtype(H, (int)type, Native.Flag(non_blocking), Native.Flag(copy)), disposeAfter);

        /// <summary>The tensor with another element type (itself if it has it already).</summary>
        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
            => to_type(type, copy, disposeAfter, non_blocking);

        /// <summary>The tensor with another element type on another device.</summary>
        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            RequireDevice(device);
            return Moved(Native.ev_to(H, (int)type, (int)device.type, device.index, Native.Flag(non_blocking), Native.Flag(copy)),
                disposeAfter);
        }

        /// <summary>The tensor on another device.</summary>
        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
            => to(dtype, device, copy, disposeAfter, non_blocking);

        /// <summary>The tensor on another device.</summary>
        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false,
            bool non_blocking = false)
            => to(dtype, new Device(deviceType, deviceIndex), copy, disposeAfter, non_blocking);

        /// <summary>The tensor on the device with this description, such as <c>cuda:0</c>.</summary>
        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
            => to(dtype, new Device(device), copy, disposeAfter, non_blocking);

        /// <summary>The tensor with the element type and on the device of another.</summary>
        public Tensor to(Tensor other, bool non_blocking = false) => to(other.dtype, other.device, non_blocking: non_blocking);

        /// <summary>The tensor in the processor's memory.</summary>
        public Tensor cpu() => to(torch.CPU);

        /// <summary>The tensor on a GPU (null: the current one).</summary>
        public Tensor cuda(Device? device = null, bool non_blocking = false) => to(device ?? CUDA, non_blocking: non_blocking);

        /// <summary>In single precision.</summary>
        public Tensor @float() => to_type(ScalarType.Float32);

        /// <summary>In double precision.</summary>
        public Tensor @double() => to_type(ScalarType.Float64);

        /// <summary>In half precision.</summary>
        public Tensor half() => to_type(ScalarType.Float16);

        /// <summary>In bfloat16.</summary>
        public Tensor bfloat16() => to_type(ScalarType.BFloat16);

        /// <summary>As 64-bit integers.</summary>
        public Tensor @long() => to_type(ScalarType.Int64);

        /// <summary>As 32-bit integers.</summary>
        public Tensor @int() => to_type(ScalarType.Int32);

        /// <summary>As booleans.</summary>
        public Tensor @bool() => to_type(ScalarType.Bool);

        /// <summary>As unsigned bytes.</summary>
        public Tensor @byte() => to_type(ScalarType.Byte);

        /// <summary>With the element type of another tensor.</summary>
        public Tensor type_as(Tensor tensor) => to_type(tensor.dtype);

        /// <summary>Fills with normally distributed numbers.</summary>
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null)
            => Self(Native.ev_normal_(H, mean, std, Generator.Of(generator)));

        /// <summary>Fills with numbers drawn uniformly from [from, to).</summary>
        public Tensor uniform_(double from, double to, Generator? generator = null)
            => Self(Native.ev_uniform_(H, from, to, Generator.Of(generator)));

        /// <summary>Fills with ones of probability p and zeros.</summary>
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => Self(Native.ev_bernoulli_(H, p, Generator.Of(generator)));

        /// <summary>Fills with ones of the given probabilities and zeros.</summary>
        public Tensor bernoulli_(Tensor p, Generator? generator = null)
            => Self(Native.ev_bernoulli_tensor_(H, p.H, Generator.Of(generator)), p);

        /// <summary>Ones with this tensor's probabilities, zeros elsewhere.</summary>
        public Tensor bernoulli(Generator? generator = null) => New(Native.ev_bernoulli(H, Generator.Of(generator)), this);

        /// <summary>Indices drawn with this tensor's weights, per row.</summary>
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null)
            => New(Native.ev_multinomial(H, num_samples, Native.Flag(replacement), Generator.Of(generator)), this);

        internal static void RequireDevice(Device device)
        {
            if (device.type == DeviceType.CUDA && !torch.cuda.is_available())
                throw new InvalidOperationException("CUDA is not available: this libtorch was built without it, or there is no GPU.");
        }

        private Tensor Moved(nint result, bool disposeAfter)
        {
            Tensor moved = New(result, this);
            if (disposeAfter) Dispose();
            return moved;
        }
    }
}
