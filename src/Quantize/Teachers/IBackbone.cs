using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A network that has learnt other classes than the data's, or none: its features teach once a head on them is trained.</summary>
internal interface IBackbone : IDisposable
{
    /// <summary>How reports name it.</summary>
    string Name { get; }

    /// <summary>The file that it comes from.</summary>
    string Path { get; }

    /// <summary>What is taken of it and why, a sentence without a full stop.</summary>
    string Text { get; }

    /// <summary>Numbers of an image's features, D.</summary>
    int Width { get; }

    /// <summary>Features <c>[B, D]</c> of normalised images <c>[B, 3, H, W]</c>, without a graph, on the processor.</summary>
    Tensor Features(Tensor images);
}

/// <summary>A network from a file as backbone.</summary>
internal sealed class FileBackbone(ModelFile file, string text) : IBackbone
{
    public string Name => file.Name;

    public string Path => file.Path;

    public string Text => text;

    public int Width => file.Width;

    public Tensor Features(Tensor images) => TorchSharp.torch.tensor(file.Rows(images)).view(images.shape[0], file.Width);

    public void Dispose() => file.Dispose();
}

/// <summary>A teacher of an earlier run as backbone.</summary>
internal sealed class ModuleBackbone : IBackbone
{
    private readonly nn.Module<Tensor, Tensor> _model;
    private readonly Renormalisation _pixels;

    /// <summary>Puts the network, which must show its features, into evaluation mode.</summary>
    internal ModuleBackbone(string name, string text, nn.Module<Tensor, Tensor> model, int width, Renormalisation pixels)
    {
        (Name, Text, _model, Width, _pixels) = (name, text, model, width, pixels);
        model.eval();
    }

    public string Name { get; }

    public string Path => Name;

    public string Text { get; }

    public int Width { get; }

    public Tensor Features(Tensor images)
    {
        using IDisposable frozen = no_grad();
        return ((IFeatureNetwork)_model).WithFeatures(_pixels.Of(images)).Features.cpu();
    }

    public void Dispose() => _model.Dispose();
}
