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

    /// <summary>Images of a part of a batch, at least: fewer make poor statistics.</summary>
    private const int LeastPart = 64;

    private const int MostParts = 4;

    /// <summary>What <c>--teacher</c> can name.</summary>
    internal static IReadOnlyList<string> Kinds { get; } = [ResNet, ResNet18, ConvNet, Twin, .. s_transformers.Keys];

    /// <summary>The kind that is trained here among the teachers of an option; null where all come from files.</summary>
    internal static string? KindOf(IEnumerable<string> teachers) => teachers.FirstOrDefault(Kinds.Contains);

    /// <summary>Whether a kind learns from a teacher of its own besides the labels, and cannot do without.</summary>
    internal static bool NeedsTeacher(string kind) => s_transformers.TryGetValue(kind, out ViTForm? form) && form.DistillationToken;

    /// <summary>The network that a checkpoint of an earlier run holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classes">Classes of the data.</param>
    /// <param name="imageSize">Size of the images.</param>
    /// <param name="student">The student of this run.</param>
    /// <exception cref="ConvertException">The file is damaged, or holds no teacher.</exception>
    internal static TeacherNetwork In(string path, int classes, int imageSize, BinaryViTConfig student)
    {
        string kind = KindOf(TeacherList.Split(Checkpoint.Setting(path, "teacher") ?? "")) ?? throw new ConvertException(
            $"--teacher {path}: it does not say which network it holds. Expected the checkpoint of a teacher that was trained here, such as runs/demo/teacher/best.safetensors.",
            ConvertException.Usage);
        if (!int.TryParse(Checkpoint.Setting(path, "teacher.width"), out int width))
        {
            width = UsualWidth(imageSize);
        }

        if (kind == Twin)
        {
            student = Checkpoint.Setting(path, Configuration.Layout) is { } layout
                ? ConfigJson.Read(layout)
                : BinaryViTPresets.Get(Checkpoint.Setting(path, "student") ?? student.Name).With(classes: classes, imageSize: imageSize);
        }
        return new TeacherNetwork(kind, classes, imageSize, width, student);
    }

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
    internal static void Prepare(nn.Module<Tensor, Tensor> model, ImageData data)
    {
        if (model is ConvNet net)
        {
            net.Whiten(data.Source, data.Split.Train);
        }
    }

    /// <summary>The task of training it.</summary>
    /// <param name="model">What <see cref="Build"/> made.</param>
    /// <param name="settings">How it is trained.</param>
    /// <param name="options">Label smoothing, distillation, threads.</param>
    /// <param name="device">Where the network is.</param>
    /// <param name="from">Whom it learns from besides the labels; null for the labels alone.</param>
    internal ITrainingTask Task(nn.Module<Tensor, Tensor> model, TrainSettings settings, ConvertOptions options, Device device, ITeacher? from = null)
    {
        ITrainingTask Of(nn.Module<Tensor, Tensor> network, Division? division) => (from, network) switch
        {
            (null, _) => new ClassifyTask(network, options.LabelSmoothing) { Division = division },
            (_, SmallViT { Form.DistillationToken: true } deit) => new TokenDistillTask(deit, from, options.LabelSmoothing) { Division = division },
            _ => new DistillTask(network, from, options.Temperature, options.TeacherWeight, options.HardDistillation) { Division = division },
        };

        int parts = Math.Clamp(settings.BatchSize / LeastPart, 1, MostParts);
        // Answers from memory can be had on several threads at a time, a network in a file may not.
        bool divide = (Kind == ConvNet || model is SmallViT) && parts > 1 && from is null or CachedTeacher;
        return Of(model, divide ? new Division(parts, options.Threads ?? Environment.ProcessorCount, () => Of(Build(device), null)) : null);
    }
}
