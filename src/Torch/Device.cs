using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A processor or a GPU, with its number (-1: the current one).</summary>
    public class Device
    {
        /// <summary>The kind of device.</summary>
        public DeviceType type { get; }

        /// <summary>The number among devices of its kind; -1 for the current one.</summary>
        public int index { get; }

        /// <summary>From a description: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</summary>
        /// <exception cref="ArgumentException">The description names no known device.</exception>
        public Device(string description)
        {
            string[] parts = description.Split(':');
            type = KindOf(parts[0]);
            index = parts.Length == 1 ? -1
                : parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
                : throw new ArgumentException($"'{description}' is not a device; write cpu, cuda or cuda:0.");
        }

        /// <summary>From the name of a kind and a number.</summary>
        public Device(string deviceType, int index = -1) : this(KindOf(deviceType), index)
        {
        }

        /// <summary>From a kind and a number.</summary>
        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        /// <summary>A GPU by number.</summary>
        public Device(int index) : this(DeviceType.CUDA, index)
        {
        }

        /// <summary>From a description such as <c>cuda:0</c>.</summary>
        public static implicit operator Device(string description) => new(description);

        /// <inheritdoc/>
        public override string ToString()
        {
            string name = type.ToString().ToLowerInvariant();
            return index < 0 ? name : $"{name}:{index}";
        }

        /// <inheritdoc/>
        public override bool Equals(object? obj) => obj is Device other && other.type == type && other.index == index;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(type, index);

        private static DeviceType KindOf(string name)
            => Enum.TryParse(name, ignoreCase: true, out DeviceType kind) && !char.IsAsciiDigit(name[0])
                ? kind
                : throw new ArgumentException($"'{name}' is not a device; write cpu, cuda or cuda:0.");
    }

    /// <summary>The processor.</summary>
    public static readonly Device CPU = new(DeviceType.CPU);

    /// <summary>A tensor device without data.</summary>
    public static readonly Device META = new(DeviceType.META);

    private static readonly Device s_cuda = new(DeviceType.CUDA);

    private static Device s_defaultDevice = CPU;

    /// <summary>The current GPU.</summary>
    public static Device CUDA => s_cuda;

    /// <summary>A device from its description, such as <c>cuda:0</c>.</summary>
    public static Device device(string description) => new(description);

    /// <summary>A device from the name of its kind and its number.</summary>
    public static Device device(string deviceType, int index = -1) => new(deviceType, index);

    /// <summary>A device from its kind and its number.</summary>
    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    /// <summary>A GPU by its number.</summary>
    public static Device device(int index) => new(DeviceType.CUDA, index);

    /// <summary>Sets the device of tensors made without one.</summary>
    public static void set_default_device(Device device) => s_defaultDevice = device;

    /// <summary>The device of tensors made without one.</summary>
    public static Device get_default_device() => s_defaultDevice;
}
