namespace EdgeVit.Cli;

/// <summary>Everything that travels: the payload, the pictures of the proof, and for a comparison ONNX Runtime and the graphs.</summary>
internal sealed class Carried
{
    private readonly Payload _payload;
    private readonly List<(string Name, byte[] Bytes)> _proof;

    public Carried(Payload payload, BoardProof proof, string? library, IReadOnlyList<string> onnx)
    {
        _payload = payload;
        _proof = [.. proof.Files];
        Beside = library is null ? [] : [(OnnxRuntimeFile.Name, library)];
        var names = new List<string>();
        foreach (string path in onnx)
        {
            string name = $"against-{names.Count + 1}.onnx";
            names.Add(name);
            _proof.Add((name, File.ReadAllBytes(path)));
        }
        Onnx = names;
        Bytes = payload.Bytes + _proof.Sum(f => (long)f.Bytes.Length) + Beside.Sum(f => new FileInfo(f.Path).Length);
    }

    /// <summary>Files that lie beside the tool for a measurement only.</summary>
    public IReadOnlyList<(string Name, string Path)> Beside { get; }

    /// <summary>Names of the graphs among the files of the proof.</summary>
    public IReadOnlyList<string> Onnx { get; }

    public long Bytes { get; }

    /// <summary>Writes the archive; see <see cref="Payload.Write"/>.</summary>
    public void Write(Stream output, bool whole, Action<long> progress) => _payload.Write(output, whole, _proof, Beside, progress);
}
