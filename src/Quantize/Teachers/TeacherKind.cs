using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A kind of network that is trained here as teacher; the defaults are those of residual networks.</summary>
/// <param name="Build">Makes the network, with fresh parameters from torch's random generator.</param>
internal sealed record TeacherKind(string Name, Func<TeacherNetwork, nn.Module<Tensor, Tensor>> Build)
{
    /// <summary>How reports name it.</summary>
    internal Func<TeacherNetwork, string> Title { get; init; } = t => $"{t.Kind.Name}-{t.Width}";

    /// <summary>What is trained, in words; the title with an article when null.</summary>
    internal string? Description { get; init; }

    /// <summary>Whether it is built from the student's layout.</summary>
    internal bool OfStudent { get; init; }

    /// <summary>Whether it is a transformer that <c>--pretrain mae</c> serves.</summary>
    internal bool Pretrains { get; init; }

    /// <summary>Whether it learns from a teacher of its own besides the labels, and cannot do without.</summary>
    internal bool NeedsTeacher { get; init; }

    /// <summary>Whether batches are divided among copies of the network.</summary>
    internal bool Divides { get; init; }

    /// <summary>Learns from the training images what can be learnt without gradients.</summary>
    internal Action<nn.Module<Tensor, Tensor>, PixelSource, IReadOnlyList<int>> Prepare { get; init; } = (_, _, _) => { };

    /// <summary>Passes over the training images by default.</summary>
    internal double Epochs { get; init; } = 4;

    /// <summary>Images per step, where training images are few and where they are many.</summary>
    internal (int Few, int Many) Batch { get; init; } = (64, 128);

    internal double LearningRate { get; init; } = 3e-3;

    /// <summary>What else is different about its training.</summary>
    internal Func<TrainSettings, TrainSettings> Adjust { get; init; } = s => s;
}
