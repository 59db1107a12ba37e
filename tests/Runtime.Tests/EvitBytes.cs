using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>Writes safetensors files for tests, right and wrong ones.</summary>
internal static class EvitBytes
{
    /// <summary>The name of a graph whose constants stay where they are.</summary>
    internal const string AsItIs = "as-it-is";

    /// <summary>A model file. The graph's constants are moved as those of every model are (see <see cref="FoldedModel"/>), unless its name is
    /// <see cref="AsItIs"/> or they are moved already.</summary>
    internal static byte[] Model(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, SelfTest? selfTest = null, Action<Dictionary<string, string>>? edit = null)
    {
        if (graph.Name != AsItIs && !FoldedModel.IsFolded(graph))
        {
            (graph, tensors) = FoldedModel.Of(new LoweredModel(graph, tensors)).Model;
        }

        int classes = GraphValidator.Validate(graph, tensors)[graph.OutputName].Channels;
        var preprocess = new Preprocess(graph.InputShape[1], graph.InputShape[2], Math.Max(graph.InputShape[1], graph.InputShape[2]), Interpolation.Bilinear, [0.5f, 0.4f, 0.3f], [0.2f, 0.25f, 0.3f]);
        var metadata = new Dictionary<string, string>
        {
            [MetadataJson.GraphKey] = GraphJson.Write(graph),
            [MetadataJson.PreprocessKey] = MetadataJson.WritePreprocess(preprocess),
            [MetadataJson.LabelsKey] = MetadataJson.WriteLabels([.. Enumerable.Range(0, classes).Select(i => $"class {i}")]),
            [MetadataJson.ProvenanceKey] = "{\"made\":\"by a test\"}",
        };
        if (selfTest is not null)
        {
            metadata[MetadataJson.SelfTestKey] = MetadataJson.WriteSelfTest(selfTest);
        }

        edit?.Invoke(metadata);
        metadata[MetadataJson.ChecksumKey] = EvitChecksum.Of(metadata, tensors.Values.Select(t => new SafetensorsTensor(t.Name, Enum.Parse<SafetensorsType>(t.Type.ToString()), t.Shape, t.Bytes)));
        var header = new Dictionary<string, object> { ["__metadata__"] = metadata };
        using var data = new MemoryStream();
        foreach (StoredTensor tensor in tensors.Values)
        {
            long begin = data.Length;
            data.Write(tensor.Bytes.Span);
            header[tensor.Name] = new { dtype = tensor.Type.ToString(), shape = tensor.Shape, data_offsets = new[] { begin, data.Length } };
        }

        return File(JsonSerializer.Serialize(header), data.ToArray());
    }

    internal static byte[] File(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file, 8 + json.Length);
        return file;
    }
}
