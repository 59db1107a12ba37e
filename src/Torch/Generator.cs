using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A stream of random numbers.</summary>
    public class Generator : IDisposable
    {
        private nint _handle;

        /// <summary>A generator of its own.</summary>
        public Generator(ulong seed = 0, Device? device = null)
            : this(Native.ev_generator_new((int)(device ?? CPU).type, (device ?? CPU).index, seed), device ?? CPU)
        {
        }

        private Generator(nint handle, Device device)
        {
            _handle = handle != 0 ? handle : throw Native.Error();
            this.device = device;
        }

        /// <summary>Frees the native generator if nobody disposed this object.</summary>
        ~Generator() => Dispose(false);

        /// <summary>The device that the numbers are drawn on.</summary>
        public Device device { get; }

        /// <summary>The native generator.</summary>
        public IntPtr Handle => Of(this);

        /// <summary>The generator that functions on the CPU use when they are given none.</summary>
        public static Generator Default => new(Native.ev_generator_default((int)DeviceType.CPU, -1), CPU);

        internal static Generator DefaultOf(Device device) => new(Native.ev_generator_default((int)device.type, device.index), device);

        internal static nint Of(Generator? generator)
        {
            if (generator is null) return 0;
            return generator._handle != 0 ? generator._handle : throw new ObjectDisposedException(nameof(Generator));
        }

        /// <summary>The whole state, as bytes; <see cref="set_state"/> continues from it with the same numbers.</summary>
        public Tensor get_state()
        {
            nint result = Native.ev_generator_state(Of(this));
            GC.KeepAlive(this);
            return Tensor.New(result);
        }

        /// <summary>Continues from a state of <see cref="get_state"/>.</summary>
        public void set_state(Tensor value)
        {
            int status = Native.ev_generator_set_state(Of(this), value.H);
            GC.KeepAlive(this);
            GC.KeepAlive(value);
            Native.Check(status);
        }

        /// <summary>Starts over from a seed.</summary>
        public Generator manual_seed(long seed)
        {
            Native.Check(Native.ev_generator_seed(Of(this), (ulong)seed));
            GC.KeepAlive(this);
            return this;
        }

        /// <summary>The seed that the stream started from.</summary>
        public long initial_seed()
        {
            long result = Native.ev_generator_initial_seed(Of(this));
            GC.KeepAlive(this);
            return result;
        }

        /// <summary>Frees the native generator.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Frees the native generator.</summary>
        protected virtual void Dispose(bool disposing)
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            if (handle != 0) Native.ev_generator_free(handle);
        }
    }

    /// <summary>Seeds the default generators of all devices.</summary>
    public static Generator manual_seed(long seed)
    {
        Native.Check(Native.ev_manual_seed((ulong)seed));
        return Generator.Default;
    }

    /// <summary>The state of the CPU's default generator.</summary>
    public static Tensor get_rng_state() => random.get_rng_state();

    /// <summary>Continues the CPU's default generator from a state.</summary>
    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    /// <summary>The seed of the CPU's default generator.</summary>
    public static long initial_seed() => random.initial_seed();

    /// <summary>The CPU's default generator.</summary>
    public static class random
    {
        /// <inheritdoc cref="torch.manual_seed(long)"/>
        public static Generator manual_seed(long seed) => torch.manual_seed(seed);

        /// <inheritdoc cref="torch.initial_seed()"/>
        public static long initial_seed()
        {
            using Generator generator = Generator.Default;
            return generator.initial_seed();
        }

        /// <inheritdoc cref="torch.get_rng_state()"/>
        public static Tensor get_rng_state()
        {
            using Generator generator = Generator.Default;
            return generator.get_state();
        }

        /// <inheritdoc cref="torch.set_rng_state(Tensor)"/>
        public static void set_rng_state(Tensor new_state)
        {
            using Generator generator = Generator.Default;
            generator.set_state(new_state);
        }
    }
}
