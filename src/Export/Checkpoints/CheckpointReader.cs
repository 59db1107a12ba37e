using System.Text;

namespace EdgeVit.Export;

/// <summary>What a checkpoint holds.</summary>
/// <param name="Format">The kind of file: <c>PyTorch</c>, <c>PyTorch (before 1.6)</c>, <c>safetensors</c>.</param>
/// <param name="Tensors">The float tensors by state_dict name, as 32-bit floats. Large ones stay in the file, which is open as long as they are
/// referred to, and are read when their elements are asked for.</param>
/// <param name="LeftOut">Tensors of integers (<c>name I64 [1]</c>), such as the batch counters of batch norms: no network here has integer
/// weights.</param>
/// <param name="Key">Under which keys the weights lay: <c>model</c>; empty for the top.</param>
/// <param name="Prefix">What was cut from every name: <c>module.</c>, or empty.</param>
/// <param name="Metadata">Texts that a safetensors file says about itself; empty for others.</param>
internal sealed record Checkpoint(
    string Format, IReadOnlyDictionary<string, FloatTensor> Tensors, IReadOnlyList<string> LeftOut, string Key, string Prefix,
    IReadOnlyDictionary<string, string> Metadata);

/// <summary>Reads trained weights without running anything that the file contains: PyTorch's zip files and the format before 1.6 (their pickles
/// are parsed as data and may only mention a short list of types), and safetensors.</summary>
/// <remarks>Reading takes at most twice the file and 64 MB of memory. Of a training script's checkpoint only the weights are read; what lies beside
/// them (optimizer, schedule, settings) is parsed and dropped.</remarks>
internal static class CheckpointReader
{
    /// <summary>Letters that the name of a tensor may have.</summary>
    internal const int MaxName = 512;

    private const int HeadBytes = 512;

    /// <summary>What a tensor takes beside its elements, on the whole way of an import: records, names, entries of dictionaries.</summary>
    internal const long TensorMemory = 1000;

    /// <summary>The float tensors of a checkpoint by state_dict name.</summary>
    /// <inheritdoc cref="Open"/>
    public static IReadOnlyDictionary<string, FloatTensor> Read(string path, string? key = null) => Open(path, key).Tensors;

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">A <c>.pth</c>, <c>.pt</c>, <c>.bin</c> or <c>.safetensors</c> file; the contents decide, not the name.</param>
    /// <param name="key">Where in a PyTorch file the weights lie, when it holds several sets of them (<c>model_ema</c>); null to look in the usual
    /// places.</param>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, truncated, not a checkpoint, or mentions a type that weights do
    /// not need.</exception>
    public static Checkpoint Open(string path, string? key = null)
    {
        try
        {
            var file = new CheckpointFile(path);
            bool stays = false;
            try
            {
                Checkpoint checkpoint = Read(file, key);
                stays = file.StaysOpen;
                return checkpoint;
            }
            finally
            {
                if (!stays)
                {
                    file.Dispose();
                }
            }
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CheckpointException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private static Checkpoint Read(CheckpointFile file, string? key)
    {
        byte[] head = file.Head(HeadBytes);
        if (head.AsSpan().StartsWith("PK\x03\x04"u8) || head.AsSpan().StartsWith("PK\x05\x06"u8))
        {
            return Read(file, TorchZip.Read(file), key);
        }

        if (head is [0x80, >= 2 and <= 5, ..])
        {
            return Read(file, TorchLegacy.Read(file), key);
        }

        if (head.Length > 8 && head[8] == (byte)'{')
        {
            List<(string Name, TensorView View)> views = SafetensorsHeader.Read(file, out Dictionary<string, string> metadata);
            return Load(file, "safetensors", views, "", metadata);
        }
        throw new CheckpointException(Guess(head));
    }

    private static Checkpoint Read(CheckpointFile file, TorchContent content, string? key)
    {
        (PickleDict dict, string path) = StateDict.Find(content.Root, key);
        var views = new Dictionary<string, TensorView>(StringComparer.Ordinal);
        foreach ((object? name, object? value) in dict.Items)
        {
            if (name is not string text || value is not PickleTensor tensor)
            {
                continue;
            }

            if (text.Length > MaxName)
            {
                throw new CheckpointException($"has a tensor whose name begins with '{text[..40]}' and has {text.Length} letters, expected at most {MaxName}");
            }

            file.Budget.Charge(TensorMemory, "the list of tensors");
            views[text] = content.View(tensor);
        }
        content.Finish();
        return Load(file, content.Format, [.. views.Select(v => (v.Key, v.Value))], path, new Dictionary<string, string>(StringComparer.Ordinal));
    }

    private static Checkpoint Load(CheckpointFile file, string format, List<(string Name, TensorView View)> views, string key, Dictionary<string, string> metadata)
    {
        if (views.Count == 0)
        {
            throw new CheckpointException("has no tensors");
        }

        string[] floats = [.. views.Where(v => TensorLoader.IsFloat(v.View.Type)).Select(v => v.Name)];
        string prefix = StateDict.Prefix(floats.Length > 0 ? floats : [.. views.Select(v => v.Name)]);
        var loader = new TensorLoader(file);
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        var leftOut = new List<string>();
        foreach ((string full, TensorView view) in views.OrderBy(v => v.View.Storage.Start))
        {
            string name = full.StartsWith(prefix, StringComparison.Ordinal) ? full[prefix.Length..] : full;
            if (TensorLoader.IsFloat(view.Type))
            {
                tensors.Add(name, loader.Load(name, view));
            }
            else
            {
                leftOut.Add($"{name} {view.Type} [{string.Join(", ", view.Shape)}]");
            }
        }
        return new Checkpoint(format, tensors, leftOut, key, prefix, metadata);
    }

    /// <summary>What a file that is no checkpoint probably is.</summary>
    private static string Guess(byte[] head)
    {
        const string Known = "expected a file of torch.save (.pth, .pt, .bin) or a .safetensors file";
        string text = Encoding.Latin1.GetString(head);
        return head.Length == 0 ? $"is empty; {Known}"
            : text.StartsWith("version https://git-lfs", StringComparison.Ordinal)
                ? "is a Git LFS pointer, not the weights themselves. Fetch them with 'git lfs pull' or download the file"
            : text.TrimStart().StartsWith('<') ? "is a web page, not weights: the download went wrong. Download the file itself"
            : text.StartsWith("\x89HDF", StringComparison.Ordinal) ? $"is an HDF5 file; {Known}"
            : text.Length > 262 && text.AsSpan(257).StartsWith("ustar", StringComparison.Ordinal) ? $"is a tar archive; unpack it. {Known}"
            : text.StartsWith("\x1f\x8b", StringComparison.Ordinal) ? $"is compressed with gzip; unpack it. {Known}"
            : $"is not a checkpoint: it begins with {Convert.ToHexString(head.AsSpan(0, Math.Min(8, head.Length)))}; {Known}";
    }
}
