namespace EdgeVit.Runtime;

/// <summary>A model file, read and checked: a safetensors file whose metadata holds the graph, the preprocessing, the labels, the
/// provenance and the self-test. An instance is always consistent; whatever is wrong with a file shows as an
/// <see cref="EvitFormatException"/>.</summary>
internal sealed class EvitFile
{
    private static readonly string[] s_keys =
    [
        MetadataJson.GraphKey, MetadataJson.PreprocessKey, MetadataJson.LabelsKey,
        MetadataJson.ProvenanceKey, MetadataJson.CertificateKey, MetadataJson.SelfTestKey, MetadataJson.ChecksumKey,
    ];

    private readonly Lazy<string> _sha256;

    private EvitFile(
        ReadOnlyMemory<byte> file,
        ModelGraph graph,
        IReadOnlyDictionary<string, StoredTensor> tensors,
        IReadOnlyDictionary<string, ValueShape> shapes,
        IReadOnlyDictionary<string, string> metadata)
    {
        Graph = graph;
        Tensors = tensors;
        Shapes = shapes;
        Bytes = file.Length;
        Preprocess = MetadataJson.ReadPreprocess(Get(metadata, MetadataJson.PreprocessKey));
        Labels = MetadataJson.ReadLabels(Get(metadata, MetadataJson.LabelsKey));
        Provenance = metadata.GetValueOrDefault(MetadataJson.ProvenanceKey, "{}");
        MetadataJson.CheckProvenance(Provenance);
        Certificate = metadata.GetValueOrDefault(MetadataJson.CertificateKey);
        if (Certificate is not null)
        {
            MetadataJson.CheckCertificate(Certificate);
        }

        SelfTest = metadata.TryGetValue(MetadataJson.SelfTestKey, out string? selfTest) ? MetadataJson.ReadSelfTest(selfTest) : null;
        _sha256 = new Lazy<string>(() => EdgeVit.Runtime.Sha256.Hex(file.Span));
    }

    public ModelGraph Graph { get; }

    /// <summary>Its tensors by name, exactly those that the graph uses.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The shape of every value of the graph.</summary>
    public IReadOnlyDictionary<string, ValueShape> Shapes { get; }

    public Preprocess Preprocess { get; }

    /// <summary>Class names, as many as logits.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>A JSON object: where the weights come from.</summary>
    public string Provenance { get; }

    /// <summary>A JSON object: what was compared when the file was made, and the result; null where the file has none.</summary>
    public string? Certificate { get; }

    public SelfTest? SelfTest { get; }

    /// <summary>SHA-256 of the whole file, lower-case hex; computed when first asked for.</summary>
    public string Sha256 => _sha256.Value;

    public long Bytes { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="EvitFormatException">There is no such file, it can't be read, or it is not a valid model; the message begins with
    /// the path.</exception>
    public static EvitFile Read(string path)
    {
        try
        {
            return Parse(FileBytes.Read(path));
        }
        catch (EvitFormatException e)
        {
            throw new EvitFormatException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EvitFormatException($"{path}: no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EvitFormatException($"{path}: can't be read: {FileFault.Of(e, path)}", e);
        }
    }

    /// <summary>Parses a file's bytes.</summary>
    /// <param name="file">Kept, not copied: the tensors are slices of it.</param>
    /// <param name="former">Whether a file of an earlier <see cref="ModelGraph.Version"/> is taken, too; such a file is for reading only, a session
    /// would not give its logits.</param>
    /// <exception cref="EvitFormatException">The bytes are not a valid model.</exception>
    public static EvitFile Parse(ReadOnlyMemory<byte> file, bool former = false)
    {
        if (file.Span.StartsWith("PK\u0003\u0004"u8))
        {
            throw new EvitFormatException("a zip archive, as PyTorch checkpoints are, expected an .evit model ('edgevit import' reads checkpoints)");
        }

        SafetensorsFile container = SafetensorsFile.Parse(file);
        if (!container.Metadata.ContainsKey(MetadataJson.GraphKey))
        {
            throw new EvitFormatException(
                $"a safetensors file without '{MetadataJson.GraphKey}' in its metadata, expected an .evit model ('edgevit import' reads checkpoints)");
        }

        foreach (string key in container.Metadata.Keys)
        {
            if (key.StartsWith("edgevit.", StringComparison.Ordinal) && Array.IndexOf(s_keys, key) < 0)
            {
                throw new EvitFormatException($"metadata key '{key}' is unknown to this runtime (a file of a newer EdgeVit?)");
            }
        }

        string stored = Get(container.Metadata, MetadataJson.ChecksumKey);
        string found = EvitChecksum.Of(container.Metadata, container.Tensors.Values);
        if (stored != found)
        {
            throw new EvitFormatException(
                $"the file is damaged: its contents have the checksum {found}, but {MetadataJson.ChecksumKey} says {stored}; copy or convert it again");
        }

        ModelGraph graph = GraphJson.Read(container.Metadata[MetadataJson.GraphKey], former);
        var used = new HashSet<string>(container.Tensors.Count, StringComparer.Ordinal);
        foreach (GraphNode node in graph.Nodes)
        {
            foreach (string name in node.Tensors.Values)
            {
                used.Add(name);
            }
        }

        var tensors = new Dictionary<string, StoredTensor>(container.Tensors.Count, StringComparer.Ordinal);
        foreach ((string name, SafetensorsTensor tensor) in container.Tensors)
        {
            if (!used.Contains(name))
            {
                throw new EvitFormatException($"tensor '{name}' is used by no node of the graph");
            }

            tensors[name] = new StoredTensor(name, TypeOf(tensor), tensor.Shape, tensor.Bytes);
        }

        var result = new EvitFile(file, graph, tensors, GraphValidator.Validate(graph, tensors), container.Metadata);
        result.CheckAgreement();
        return result;
    }

    private static string Get(IReadOnlyDictionary<string, string> metadata, string key) =>
        metadata.TryGetValue(key, out string? value) ? value : throw new EvitFormatException($"metadata key '{key}' is missing");

    private static StoredType TypeOf(SafetensorsTensor tensor) => tensor.Type switch
    {
        SafetensorsType.F32 => StoredType.F32,
        SafetensorsType.F16 => StoredType.F16,
        SafetensorsType.U64 => StoredType.U64,
        SafetensorsType.I64 => StoredType.I64,
        SafetensorsType.I8 => StoredType.I8,
        _ => throw new EvitFormatException($"tensor '{tensor.Name}' has dtype {SafetensorsTypes.Name(tensor.Type)}, expected F32, F16, U64, I64 or I8"),
    };

    private void CheckAgreement()
    {
        IReadOnlyList<int> input = Graph.InputShape;
        if (input[0] != 3 || input[1] != Preprocess.Height || input[2] != Preprocess.Width)
        {
            throw new EvitFormatException(
                $"graph: input shape is [{string.Join(", ", input)}], expected [3, {Preprocess.Height}, {Preprocess.Width}] as in {MetadataJson.PreprocessKey}");
        }

        int classes = Shapes[Graph.OutputName].Channels;
        if (Labels.Count != classes)
        {
            throw new EvitFormatException($"{MetadataJson.LabelsKey}: {Labels.Count} labels, expected {classes}, one for each logit");
        }

        if (SelfTest is not null && SelfTest.Logits.Length != classes)
        {
            throw new EvitFormatException($"{MetadataJson.SelfTestKey}: {SelfTest.Logits.Length} logits, expected {classes}");
        }
    }
}
