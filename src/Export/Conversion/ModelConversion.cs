using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Model files out of checkpoints and ONNX files out of model files, as <c>edgevit import</c> and <c>edgevit export</c> make them.</summary>
public static class ModelConversion
{
    private const int OnnxImages = 2;

    /// <summary>Packs a trained checkpoint: BinaryViT and the ReActNet forms of DeiT of the paper's code, students of <c>edgevit convert</c>, float
    /// DeiT and ViT of timm or Hugging Face. Nothing in the file is executed.</summary>
    /// <param name="checkpoint">A <c>.pth</c>, <c>.pt</c>, <c>.bin</c> or <c>.safetensors</c> file; the contents decide, not the name.</param>
    /// <param name="options">What is known besides; null for nothing.</param>
    /// <exception cref="CheckpointException">The file cannot be read, or holds no network that is known.</exception>
    /// <exception cref="ModelFormatException">The network is impossible, or the options do not fit it.</exception>
    public static ConvertedModel Import(string checkpoint, ImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ImportedCheckpoint imported = CheckpointImport.Open(checkpoint, options);
        CertifiedModel model = ImportedModel.Pack(imported);
        return new ConvertedModel(model.Bytes, model.Certificate.Passed, model.Certificate.ToJson(), [.. imported.Notes]);
    }

    /// <summary>A model as an ONNX graph of float operators with the same logits.</summary>
    /// <param name="model">An <c>.evit</c> file.</param>
    /// <exception cref="EvitFormatException">There is no such file, or it is not a valid model.</exception>
    public static ConvertedModel ToOnnx(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        EvitFile file = EvitFile.Read(model);
        OnnxProof.Exported exported = OnnxProof.Export(file, Path.GetFileName(model), new CertificateOptions(OnnxImages));
        return new ConvertedModel(exported.Bytes, exported.Certificate.Passed, exported.Certificate.ToJson(), []);
    }
}

/// <summary>A file that was made, and the proof that it computes what its source does.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Passed">Whether the proof holds; where it does not, the file should not be used.</param>
/// <param name="Certificate">The parity certificate, JSON.</param>
/// <param name="Notes">What was assumed where the source does not say it.</param>
public sealed record ConvertedModel(ReadOnlyMemory<byte> Bytes, bool Passed, string Certificate, IReadOnlyList<string> Notes);
