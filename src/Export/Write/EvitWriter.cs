using System.Runtime.CompilerServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Writes <c>.evit</c> files. What is written has been read back: the runtime validates the bytes and computes the self-test from
/// them before they reach the disk.</summary>
internal static class EvitWriter
{
    /// <summary>Writes a model file (see <see cref="AtomicFile"/>).</summary>
    /// <returns>The file as the runtime reads it.</returns>
    /// <inheritdoc cref="ToBytes(LoweredModel, Preprocess, IReadOnlyList{string}, string, ulong)"/>
    /// <exception cref="ModelWriteException">The file cannot be written; nothing is left behind.</exception>
    public static EvitFile Write(
        string path, LoweredModel model, Preprocess preprocess, IReadOnlyList<string> labels, string provenanceJson, ulong selfTestSeed = 0)
    {
        byte[] bytes = ToBytes(model, preprocess, labels, provenanceJson, selfTestSeed);
        AtomicFile.Write(path, bytes);
        return EvitFile.Parse(bytes);
    }

    /// <summary>The bytes of a model file. Equal arguments give equal bytes. The size of the preprocessing is the input's; labels are as many as
    /// logits; the provenance is a JSON object.</summary>
    /// <exception cref="ModelFormatException">The parts do not fit each other, or the network gives logits that are not finite.</exception>
    public static byte[] ToBytes(
        LoweredModel model, Preprocess preprocess, IReadOnlyList<string> labels, string provenanceJson, ulong selfTestSeed = 0)
    {
        return ToBytes(() => model, preprocess, labels, provenanceJson, selfTestSeed);
    }

    /// <summary>The bytes of a model file whose model is asked for once: it can go as soon as its bytes are there, before the self-test is computed
    /// from them, if nobody else keeps it.</summary>
    public static byte[] ToBytes(
        Func<LoweredModel> model, Preprocess preprocess, IReadOnlyList<string> labels, string provenanceJson, ulong selfTestSeed = 0)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        string name = "";
        try
        {
            MetadataJson.CheckProvenance(provenanceJson);
            metadata[MetadataJson.PreprocessKey] = MetadataJson.WritePreprocess(preprocess);
            metadata[MetadataJson.LabelsKey] = MetadataJson.WriteLabels(labels);
            metadata[MetadataJson.ProvenanceKey] = provenanceJson;
            byte[] untested = Untested(model, metadata, ref name);
            LargeArrays.Release();
            SelfTest test = new(selfTestSeed, SelfTestLogits(EvitFile.Parse(untested), selfTestSeed));
            LargeArrays.Release();
            metadata[MetadataJson.SelfTestKey] = MetadataJson.WriteSelfTest(test);
            return Sealed([.. SafetensorsFile.Parse(untested).Tensors.Values], metadata);
        }
        catch (EvitFormatException e)
        {
            throw new ModelFormatException($"The model '{name}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The same file with a certificate, a JSON object (see <see cref="ParityCertificate.ToJson"/>), in place of the one that it may
    /// have.</summary>
    /// <exception cref="EvitFormatException">It is no JSON object, or the bytes are no model file.</exception>
    public static byte[] WithCertificate(ReadOnlyMemory<byte> file, string certificateJson)
    {
        MetadataJson.CheckCertificate(certificateJson);
        SafetensorsFile container = SafetensorsFile.Parse(file);
        var metadata = new Dictionary<string, string>(container.Metadata, StringComparer.Ordinal) { [MetadataJson.CertificateKey] = certificateJson };
        return Sealed([.. container.Tensors.Values], metadata);
    }

    /// <summary>The model's bytes without a self-test. A method of its own: when it returns, nothing here refers to the model any more.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Untested(Func<LoweredModel> model, Dictionary<string, string> metadata, ref string name)
    {
        LoweredModel made = model();
        LargeArrays.Release();
        name = made.Graph.Name;
        metadata[MetadataJson.GraphKey] = GraphJson.Write(made.Graph);
        return Sealed([.. made.Tensors.Values.Select(Stored)], metadata);
    }

    private static byte[] Sealed(SafetensorsTensor[] tensors, Dictionary<string, string> metadata)
    {
        metadata[MetadataJson.ChecksumKey] = EvitChecksum.Of(metadata, tensors);
        return SafetensorsWriter.ToBytes(tensors, metadata);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float[] SelfTestLogits(EvitFile file, ulong seed)
    {
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession();
        var logits = new float[model.Classes];
        session.RunNchw(SelfTest.Input(seed, model.InputShape), logits);
        int bad = Array.FindIndex(logits, v => !float.IsFinite(v));
        return bad < 0 ? logits : throw new ModelFormatException(
            $"The model '{file.Graph.Name}' gives {logits[bad]} for class '{file.Labels[bad]}' on its self-test. Its weights have diverged; train again with a lower rate.");
    }

    private static SafetensorsTensor Stored(StoredTensor tensor) => new(
        tensor.Name,
        tensor.Type switch
        {
            StoredType.F32 => SafetensorsType.F32,
            StoredType.F16 => SafetensorsType.F16,
            StoredType.U64 => SafetensorsType.U64,
            StoredType.I8 => SafetensorsType.I8,
            _ => SafetensorsType.I64,
        },
        tensor.Shape,
        tensor.Bytes);
}
