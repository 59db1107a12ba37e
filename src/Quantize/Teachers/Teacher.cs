using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Gives a student logits to learn from.</summary>
internal interface ITeacher
{
    /// <summary>How reports name it.</summary>
    string Name { get; }

    /// <summary>Logits <c>[B, classes]</c> of normalised images <c>[B, 3, H, W]</c>, without a graph, on the images' device.</summary>
    Tensor Logits(Tensor images, Batch batch);

    /// <summary>The same with the features <c>[B, F]</c> that the logits come from; null where the teacher shows none.</summary>
    (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch) => (Logits(images, batch), null);
}

/// <summary>A network of this process as teacher.</summary>
internal sealed class ModuleTeacher : ITeacher
{
    private readonly nn.Module<Tensor, Tensor> _model;

    /// <summary>Puts the network into evaluation mode.</summary>
    public ModuleTeacher(string name, nn.Module<Tensor, Tensor> model)
    {
        Name = name;
        _model = model;
        model.eval();
    }

    public string Name { get; }

    public Tensor Logits(Tensor images, Batch batch)
    {
        using IDisposable frozen = torch.no_grad();
        return _model.call(images);
    }

    public (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch)
    {
        using IDisposable frozen = torch.no_grad();
        return _model is IFeatureNetwork network ? network.WithFeatures(images) : (_model.call(images), null);
    }
}
