using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A network that is trained here as teacher, for images and classes of some number.</summary>
/// <param name="Width">Channels of the first stage, where the kind has a choice.</param>
internal sealed record TeacherNetwork(TeacherKind Kind, int Classes, int ImageSize, int Width, BinaryViTConfig Student)
{
    /// <summary>Channels that suit an image size.</summary>
    internal static int UsualWidth(int imageSize) => imageSize <= 64 ? 64 : 32;

    /// <summary>How reports name it.</summary>
    internal string Name => Kind.Title(this);

    /// <summary>What happens, in words.</summary>
    internal string Text => $"training {Kind.Description ?? $"a {Name}"} on the labels";

    /// <summary>How it is trained by default.</summary>
    /// <param name="epochs">Passes; null for as many as suit.</param>
    internal TrainSettings Settings(int images, double? epochs, ulong seed)
    {
        int batch = Math.Min(images <= 20_000 ? Kind.Batch.Few : Kind.Batch.Many, images);
        long steps = Math.Max(1, (long)Math.Round((epochs ?? Kind.Epochs) * Math.Max(1, images / batch)));
        return Kind.Adjust(new TrainSettings
        {
            Steps = steps,
            BatchSize = batch,
            LearningRate = Kind.LearningRate,
            Warmup = 0.1,
            WeightDecay = 0.05,
            Evaluations = 4,
            Seed = seed,
        });
    }

    /// <summary>Builds the network on a device, with fresh parameters from torch's random generator.</summary>
    internal nn.Module<Tensor, Tensor> Build(Device device)
    {
        nn.Module<Tensor, Tensor> model = Kind.Build(this);
        model.to(device);
        return model;
    }
}
