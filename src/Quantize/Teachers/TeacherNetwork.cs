using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A network that is trained here as teacher: how it is built, prepared and taught.</summary>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
/// <param name="Classes">Number of logits.</param>
/// <param name="ImageSize">Height and width of the input in pixels.</param>
/// <param name="Width">Channels of the first stage, where the kind has a choice.</param>
/// <param name="Student">Whose teacher it is.</param>
internal sealed record TeacherNetwork(string Kind, int Classes, int ImageSize, int Width, BinaryViTConfig Student)
{
    /// <summary>A small residual network: one block per stage, of half the image's grid.</summary>
    internal const string ResNet = "resnet";

    /// <summary>The 18-layer residual network with the stem for small images.</summary>
    internal const string ResNet18 = "resnet18";

    /// <summary>A <see cref="Quantize.ConvNet"/>.</summary>
    internal const string ConvNet = "convnet";

    /// <summary>The student's own topology in float.</summary>
    internal const string Twin = "twin";

    /// <summary>A <see cref="SmallViT"/> with a distillation token, which learns from a teacher, too.</summary>
    internal const string DeiT = "deit";

    private static readonly Dictionary<string, ViTForm> s_transformers = new(StringComparer.Ordinal)
    {
        ["vit"] = new(),
        ["vit-spt"] = new(ShiftedPatches: true),
        ["vit-lsa"] = new(Locality: true),
        ["sl-vit"] = new(ShiftedPatches: true, Locality: true),
        [DeiT] = new(DistillationToken: true),
        ["sl-deit"] = new(ShiftedPatches: true, Locality: true, DistillationToken: true),
    };

    /// <summary>What <c>--teacher</c> can name.</summary>
    internal static IReadOnlyList<string> Kinds { get; } = [ResNet, ResNet18, ConvNet, Twin, .. s_transformers.Keys];

    /// <summary>The kind that is trained here among the teachers of an option; null where all come from files.</summary>
    internal static string? KindOf(IEnumerable<string> teachers) => teachers.FirstOrDefault(Kinds.Contains);

    /// <summary>Whether a kind learns from a teacher of its own besides the labels, and cannot do without.</summary>
    internal static bool NeedsTeacher(string kind) => s_transformers.TryGetValue(kind, out ViTForm? form) && form.DistillationToken;

    /// <summary>Channels that suit an image size.</summary>
    internal static int UsualWidth(int imageSize) => imageSize <= 64 ? 64 : 32;

    /// <summary>How reports name it.</summary>
    internal string Name => Kind == Twin ? $"float twin of {Student.Name}" : s_transformers.ContainsKey(Kind) ? Kind : $"{Kind}-{Width}";

    /// <summary>What happens, for a person.</summary>
    internal string Text => Kind switch
    {
        Twin => "training the student's float twin on the labels",
        _ => $"training a {Name} on the labels",
    };

    /// <summary>How it is trained by default.</summary>
    /// <param name="images">Training images.</param>
    /// <param name="epochs">Passes; null for as many as suit.</param>
    /// <param name="seed">Decides order and augmentation.</param>
    internal TrainSettings Settings(int images, double? epochs, ulong seed)
    {
        bool few = images <= 20_000;
        bool conv = Kind == ConvNet;
        bool transformer = s_transformers.ContainsKey(Kind);
        int batch = Math.Min(few ? (conv ? 128 : 64) : (conv ? 512 : 128), images);
        long steps = Math.Max(1, (long)Math.Round((epochs ?? (conv ? 8 : transformer ? 30 : Kind == Twin ? 15 : 4)) * Math.Max(1, images / batch)));
        var settings = new TrainSettings { Steps = steps, BatchSize = batch, LearningRate = transformer ? 1e-3 : 3e-3, Warmup = 0.1, WeightDecay = 0.05, Evaluations = 4, Seed = seed };
        return conv
            ? settings with { Optimizer = OptimizerKind.Nesterov, LearningRate = 0.75 * batch / 512, Warmup = 0.2, WeightDecay = 0.00133, BiasRate = 64, GradientNorm = 1000, Evaluations = 8 }
            : settings;
    }

    /// <summary>Builds the network on a device, with fresh parameters from torch's random generator.</summary>
    internal nn.Module<Tensor, Tensor> Build(Device device)
    {
        nn.Module<Tensor, Tensor> model = Kind switch
        {
            ResNet => new ResNet(Classes, Width, ImageSize),
            ResNet18 => Quantize.ResNet.Eighteen(Classes, Width),
            ConvNet => new ConvNet(Classes, Width, ImageSize),
            Twin => new BinaryViT(Student, Precision.Float),
            _ => new SmallViT(Classes, ImageSize, s_transformers[Kind]),
        };
        model.to(device);
        return model;
    }

    /// <summary>Learns what can be learnt without gradients.</summary>
    internal static void Prepare(nn.Module<Tensor, Tensor> model, PixelSource source, IReadOnlyList<int> train)
    {
        if (model is ConvNet net)
        {
            net.Whiten(source, train);
        }
    }
}
