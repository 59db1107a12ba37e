using System.Globalization;
using TorchSharp;

namespace EdgeVit.Quantize;

/// <summary>Gives each of several processes on a machine a GPU of its own.</summary>
internal static class Gpu
{
    private const string Visible = "CUDA_VISIBLE_DEVICES";

    /// <summary>Makes one GPU the only one that CUDA shows to this process, before CUDA is asked anything: libraries that compute on the current device
    /// then compute there.</summary>
    /// <param name="device">As <see cref="ConvertOptions.Device"/>.</param>
    /// <param name="localRank">Which of the processes on this machine it is.</param>
    /// <returns>The device to train on.</returns>
    /// <exception cref="ConvertException">The device cannot be each process's own.</exception>
    internal static string Choose(string device, int localRank)
    {
        if (device is not ("auto" or "cuda"))
        {
            return device == "cpu" ? device : throw new ConvertException(
                $"--device {device}: each of several processes has a GPU of its own; use --device cuda, and {Visible} to say which they are.", ConvertException.Usage);
        }
        Mpi.SetVariable(Visible, Own(Environment.GetEnvironmentVariable(Visible), localRank));
        LibTorch.Load();
        return torch.cuda.is_available() ? "cuda:0" : device == "auto" ? "cpu" : throw new ConvertException(
            $"--device cuda: the process with LOCAL_RANK {localRank} sees no GPU. Start at most as many processes on a machine as it has GPUs, or use --device cpu.", ConvertException.NotSupported);
    }

    /// <summary>What to show of what was to be seen: a launcher may have chosen already.</summary>
    internal static string Own(string? visible, int localRank)
    {
        if (string.IsNullOrEmpty(visible))
        {
            return localRank.ToString(CultureInfo.InvariantCulture);
        }

        string[] several = visible.Split(',');
        return several.Length == 1 ? visible : several.ElementAtOrDefault(localRank) ?? "";
    }
}
