using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What a checkpoint holds.</summary>
/// <param name="Format">The kind of file: <c>PyTorch</c>, <c>PyTorch (before 1.6)</c>, <c>safetensors</c>.</param>
/// <param name="Tensors">The float tensors by state_dict name, as 32-bit floats. Large ones stay in the file, which is open as long as they are
/// referred to, and are read when their elements are asked for.</param>
/// <param name="LeftOut">Tensors of other types than floats (<c>name I64 [1]</c>), such as the batch counters of batch norms: no network here has integer
/// weights.</param>
/// <param name="Key">Under which keys the weights lay: <c>model</c>; empty for the top.</param>
/// <param name="Prefix">What was cut from every name: <c>module.</c>, or empty.</param>
/// <param name="Metadata">Texts that a safetensors file says about itself; empty for others.</param>
internal sealed record Checkpoint(
    string Format, IReadOnlyDictionary<string, FloatTensor> Tensors, IReadOnlyList<string> LeftOut, string Key, string Prefix,
    IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>What was chosen among several, and what was left out, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Reads trained weights without running anything that the file contains: PyTorch's zip files and the format before 1.6 (their pickles
/// are parsed as data and may only mention a short list of types), and safetensors.</summary>
/// <remarks>Reading takes at most twice the file and 64 MB of memory. Of a training script's checkpoint only the weights are read; what lies beside
/// them (optimizer, schedule, settings) is parsed and dropped.</remarks>
internal static class CheckpointReader
{
    /// <summary>Letters that the name of a tensor may have.</summary>
    internal const int MaxName = 512;

    private const int MostSkipped = 6;
    private const int MostLetters = 40;

    /// <summary>What a tensor takes beside its elements, on the whole way of an import: records, names, entries of dictionaries.</summary>
    internal const long TensorMemory = 1000;

    /// <summary>The float tensors of a checkpoint by state_dict name.</summary>
    /// <inheritdoc cref="Open"/>
    public static IReadOnlyDictionary<string, FloatTensor> Read(string path, string? key = null) => Open(path, key).Tensors;

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">A <c>.pth</c>, <c>.pt</c>, <c>.bin</c> or <c>.safetensors</c> file, or the index of one in parts (<c>.index.json</c>); the contents
    /// decide, not the name.</param>
    /// <param name="key">Where in a PyTorch file the weights lie, when it holds several sets of them (<c>model_ema</c>, <c>a.b</c> for one within another); null
    /// to look in the usual places.</param>
    /// <param name="prefix">What stands before the names of the network's tensors; null to find it.</param>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, truncated, not a checkpoint, or mentions what only a program needs.</exception>
    public static Checkpoint Open(string path, string? key = null, string? prefix = null)
    {
        try
        {
            return CheckpointParts.IsIndex(path) ? CheckpointParts.Open(path, key, prefix) : Loaded([Content(path, key)], prefix);
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CheckpointException($"{path}: cannot be read: {FileFault.Of(e, path)}", e);
        }
    }

    /// <summary>A value that is not read.</summary>
    internal readonly record struct SkippedValue(string Name, string Kind)
    {
        /// <summary>For messages: long names are cut.</summary>
        public override string ToString() => $"{(Name.Length > MostLetters ? $"{Name[..MostLetters]}…" : Name)} ({Kind})";
    }

    /// <summary>What a file holds, unread. <c>Skipped</c> is what is no tensor of a known type, by its full name.</summary>
    internal sealed record Contents(
        CheckpointFile File, string Format, IReadOnlyList<(string Name, TensorView View)> Views, string Key, IReadOnlyDictionary<string, string> Metadata,
        IReadOnlyList<SkippedValue> Skipped, IReadOnlyList<string> Notes);

    internal static Contents Content(string path, string? key)
    {
        var file = new CheckpointFile(path);
        try
        {
            return Read(file, key);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Contents Read(CheckpointFile file, string? key)
    {
        byte[] head = file.Head(FileHead.Bytes);
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
            List<(string Name, TensorView View)> views = SafetensorsHeader.Read(file, out Dictionary<string, string> metadata, out List<SkippedValue> skipped);
            return key is null ? new Contents(file, "safetensors", views, "", metadata, skipped, [])
                : throw new CheckpointException($"is a safetensors file, which has no keys (--key {key}); --prefix chooses among its names");
        }
        throw new CheckpointException(Guess(head));
    }

    private static Contents Read(CheckpointFile file, TorchContent content, string? key)
    {
        StateDict.Found found = StateDict.Find(content.Root, key, content.Foreign);
        var views = new Dictionary<string, TensorView>(StringComparer.Ordinal);
        List<SkippedValue> skipped = [];
        foreach ((object? name, object? value) in found.Dict.Items)
        {
            if (name is not string text)
            {
                continue;
            }

            if (value is PickleOpaque opaque)
            {
                file.Budget.Charge(TensorMemory, "the list of tensors");
                skipped.Add(new SkippedValue(text, opaque.Name));
            }

            if (value is not PickleTensor tensor)
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
        return new Contents(file, content.Format, [.. views.Select(v => (v.Key, v.Value))], found.Path, new Dictionary<string, string>(StringComparer.Ordinal), skipped, found.Notes);
    }

    /// <summary>Loads the network's tensors from a file, or the parts of one. Their files are open as long as tensors are read from them later.</summary>
    internal static Checkpoint Loaded(IReadOnlyList<Contents> parts, string? prefix)
    {
        try
        {
            return Load(parts, prefix);
        }
        finally
        {
            foreach (Contents part in parts.Where(p => !p.File.StaysOpen))
            {
                part.File.Dispose();
            }
        }
    }

    private static Checkpoint Load(IReadOnlyList<Contents> parts, string? prefix)
    {
        (string Name, TensorView View)[] all = [.. parts.SelectMany(p => p.Views)];
        if (all.Length == 0)
        {
            throw new CheckpointException($"has no tensors{(parts.SelectMany(p => p.Skipped).FirstOrDefault() is { Name: not null } other ? $" of a type that is read; it has {other}" : "")}");
        }

        (string Name, TensorView View)[] floats = [.. all.Where(v => TensorLoader.IsFloat(v.View.Type))];
        NetworkNames.Choice choice = NetworkNames.Choose((floats.Length > 0 ? floats : all).DistinctBy(v => v.Name).ToDictionary(v => v.Name, v => v.View.Shape, StringComparer.Ordinal), prefix);
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        var leftOut = new List<string>();
        foreach (Contents part in parts)
        {
            var loader = new TensorLoader(part.File);
            foreach ((string full, TensorView view) in part.Views.OrderBy(v => v.View.Storage.Start))
            {
                if (!TensorLoader.IsFloat(view.Type))
                {
                    string name = full.StartsWith(choice.Prefix, StringComparison.Ordinal) ? full[choice.Prefix.Length..] : full;
                    leftOut.Add($"{name} {view.Type} [{string.Join(", ", view.Shape)}]");
                }
                else if (choice.Names.TryGetValue(full, out string? name) && !tensors.TryAdd(name, loader.Load(name, view)))
                {
                    throw new CheckpointException($"has the tensor '{name}' twice");
                }
            }
        }
        return new Checkpoint(parts[0].Format, tensors, leftOut, parts[0].Key, choice.Prefix, parts[0].Metadata)
        { Notes = [.. parts.SelectMany(p => p.Notes).Distinct(), .. choice.Notes, .. SkippedNote([.. parts.SelectMany(p => p.Skipped)])] };
    }

    private static IReadOnlyList<string> SkippedNote(SkippedValue[] skipped) => skipped.Length == 0 ? []
        : [$"{skipped.Length} values are no tensors of a type that is read and were left out, without executing anything: {string.Join(", ", skipped.Take(MostSkipped))}{(skipped.Length > MostSkipped ? ", ..." : "")}"];

    /// <summary>What a file that is no checkpoint probably is.</summary>
    private static string Guess(byte[] head)
    {
        const string Known = "expected a file of torch.save (.pth, .pt, .bin) or a .safetensors file";
        return FileHead.Describe(head) is (var what, var advice) ? $"is {what}, not a checkpoint. {advice}"
            : $"is not a checkpoint: it begins with {Convert.ToHexString(head.AsSpan(0, Math.Min(8, head.Length)))}; {Known}";
    }
}
