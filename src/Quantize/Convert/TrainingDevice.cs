using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The option <c>--device</c>.</summary>
internal static class TrainingDevice
{
    /// <summary>The device that a name means.</summary>
    /// <exception cref="ConvertException">There is no such device here.</exception>
    internal static Device Choose(string name)
    {
        bool cuda = name is "auto" or "cuda" || name.StartsWith("cuda:", StringComparison.Ordinal);
        if (!cuda && name != "cpu")
        {
            throw new ConvertException($"--device {name}: expected auto, cpu, cuda or cuda:i.", ConvertException.Usage);
        }

        if (name == "cpu" || (name == "auto" && !torch.cuda.is_available()))
        {
            return torch.device("cpu");
        }

        if (!torch.cuda.is_available())
        {
            throw new ConvertException($"--device {name}: this machine's libtorch has no CUDA device. Use --device cpu.", ConvertException.NotSupported);
        }

        int index = 0;
        if (name.Contains(':') && (!int.TryParse(name.AsSpan(5), CultureInfo.InvariantCulture, out index) || index < 0 || index >= torch.cuda.device_count()))
        {
            throw new ConvertException($"--device {name}: there are {torch.cuda.device_count()} CUDA devices, counted from 0.", ConvertException.Usage);
        }

        return torch.device($"cuda:{index}");
    }
}
