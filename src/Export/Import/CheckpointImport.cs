using System.Globalization;
using System.Security.Cryptography;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>From a checkpoint file to a network that is understood: reads it without executing anything in it, recognises the network, and
/// settles what a model file needs besides.</summary>
internal static class CheckpointImport
{
    /// <summary>A probability is never above a half of this, so that no attention bit is set.</summary>
    private const float ClipOfNoBits = 2;

    private const int SmallImage = 128;
    private const int Photograph = 224;
    private const int PhotographResize = 256;

    /// <summary>Reads and understands a checkpoint; its contents decide what it is, not its name.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or holds no network that is known.</exception>
    /// <exception cref="ModelFormatException">The network is impossible, or the options do not fit it.</exception>
    public static ImportedCheckpoint Open(string path, ImportOptions? options = null)
    {
        options ??= new ImportOptions();
        if (CheckpointParts.IndexOf(path) is { } index)
        {
            throw new CheckpointException($"{path}: is one part of a checkpoint in several files. Name their index: {index}");
        }

        Task<string> hash = Task.Run(() => Hash(path));
        Checkpoint checkpoint = CheckpointReader.Open(path, options.Key, options.Prefix);
        checkpoint = checkpoint with { Tensors = StudentCheckpoint.Renamed(checkpoint.Tensors) };
        Sidecar sidecar = NetworkForm.IsBinary(checkpoint.Tensors) ? Sidecar.None : Sidecar.Beside(path);
        options = Completed(options, sidecar);
        (float[]? mean, float[]? std) = StudentCheckpoint.Normalisation(checkpoint);
        options = options with { Mean = options.Mean ?? mean, Std = options.Std ?? std };
        RecognisedNetwork network = Recognise(path, checkpoint, options.Network);
        List<string> notes = [.. checkpoint.Notes, .. network.Assumed.Select(a => $"assumed: {a}")];
        if (sidecar.Describe() is { Length: > 0 } found)
        {
            notes.Insert(0, $"from the files beside the checkpoint: {found}");
        }

        if (network.Config.Channels != 3)
        {
            throw new ModelFormatException(
                $"{path}: the network reads images of {network.Config.Channels} channels; a model file is for RGB images, 3 channels. Only such networks can be imported.");
        }
        Dictionary<string, FloatTensor> tensors = new(checkpoint.Tensors, StringComparer.Ordinal);
        AddAbsentBranches(network, tensors);
        ReplaceClipsOfNoBits(tensors, notes);
        Preprocess preprocess = Preprocessing(network.Config.ImageSize, options, notes);
        CheckLabels(path, network.Config.Classes, options.Labels, notes);
        var source = new CheckpointSource(
            Path.GetFileName(path), Files(path).Sum(f => new FileInfo(f).Length), hash.GetAwaiter().GetResult(), checkpoint.Format, checkpoint.Key, checkpoint.Prefix, checkpoint.Tensors.Count);
        string[] integers = Integers(checkpoint);
        var imported = new ImportedCheckpoint(source, network, tensors, preprocess, options.Labels, integers, notes);
        if (integers.Length > 0)
        {
            notes.Add(imported.LeftOutText);
        }

        return imported;
    }

    /// <summary>The given options, completed from the files beside the checkpoint.</summary>
    private static ImportOptions Completed(ImportOptions given, Sidecar beside)
    {
        RecogniserOptions network = given.Network ?? new RecogniserOptions();
        return given with
        {
            Network = network with { HeadSize = network.HeadSize ?? beside.HeadSize, NormEps = network.NormEps ?? beside.NormEps },
            Labels = given.Labels ?? beside.Labels,
            ResizeShorterSide = given.ResizeShorterSide ?? beside.ResizeShorterSide,
            Interpolation = given.Interpolation ?? beside.Interpolation,
            Mean = given.Mean ?? beside.Mean,
            Std = given.Std ?? beside.Std,
        };
    }

    private static RecognisedNetwork Recognise(string path, Checkpoint checkpoint, RecogniserOptions? options)
    {
        try
        {
            return NetworkRecogniser.Recognise(checkpoint.Tensors, options, StudentCheckpoint.Network(checkpoint));
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"{path}: {e.Message}{LeftOut(checkpoint)}", e);
        }
        catch (ModelFormatException e)
        {
            throw new ModelFormatException($"{path}: {e.Message}{LeftOut(checkpoint)}", e);
        }
    }

    /// <summary>Weights that are integers are no weights: named where a network could not be recognised.</summary>
    private static string LeftOut(Checkpoint checkpoint)
    {
        string[] integers = Integers(checkpoint);
        string notes = checkpoint.Notes.Count == 0 ? "" : $"\n  {string.Join("\n  ", checkpoint.Notes)}";
        return (integers.Length == 0 ? "" : $". {ImportedCheckpoint.TextOf(integers)}; weights are floats") + notes;
    }

    private static string[] Integers(Checkpoint checkpoint) =>
        [.. checkpoint.LeftOut.Where(t => !t.Contains("num_batches_tracked", StringComparison.Ordinal))];

    /// <summary>Of a checkpoint in parts the index and all of them.</summary>
    private static IReadOnlyList<string> Files(string path) => CheckpointParts.IsIndex(path) ? CheckpointParts.Files(path) : [path];

    /// <summary>SHA-256 of a file; of a checkpoint in parts of the index and all of them, one after the other.</summary>
    private static string Hash(string path)
    {
        IReadOnlyList<string> files = Files(path);
        if (files is [var only])
        {
            using FileStream stream = File.OpenRead(only);
            return FileDigest.Sha256(stream);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[1 << 20];
        foreach (string file in files)
        {
            using FileStream stream = File.OpenRead(file);
            for (int read; (read = stream.Read(block)) > 0;)
            {
                hash.AppendData(block.AsSpan(0, read));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A network with branches of one width only is one whose others are scaled by zero.</summary>
    private static void AddAbsentBranches(RecognisedNetwork network, Dictionary<string, FloatTensor> tensors)
    {
        if (network.Config is not BinaryViTConfig { Branches: BranchKind.Pool } config)
        {
            return;
        }

        NetworkForm form = NetworkForm.Of(tensors);
        var zeros = new Dictionary<int, float[]>();
        foreach (string branch in (string[])[.. form.Branches3 ? [] : (string[])["h3", "w3"], .. form.Branches5 ? [] : (string[])["h5", "w5"]])
        {
            for (int l = 0; l < config.Layers; l++)
            {
                int width = config.Stages[config.StageOf(l)].Width;
                if (!zeros.TryGetValue(width, out float[]? none))
                {
                    zeros[width] = none = new float[width];
                }

                foreach (string part in (string[])["alpha", "move"])
                {
                    string name = $"vit.encoder.layer.{l}.layerscale_{branch}.{part}";
                    tensors[name] = new FloatTensor(name, [width], none);
                }
            }
        }
    }

    /// <summary>The quantiser <c>clip * clamp(round(p / clip), 0, 1)</c> is 0 for every clip that is not positive. A clip above twice every
    /// probability says the same to a lowering that divides by nothing.</summary>
    private static void ReplaceClipsOfNoBits(Dictionary<string, FloatTensor> tensors, List<string> notes)
    {
        const string Ending = ".att_prob_clip";
        var replaced = new List<string>();
        foreach (FloatTensor clip in tensors.Values.Where(t => t.Name.EndsWith(Ending, StringComparison.Ordinal) && t.Data.Any(v => v <= 0)).ToArray())
        {
            replaced.Add(string.Create(CultureInfo.InvariantCulture, $"{clip.Name[..^Ending.Length]} ({string.Join(", ", clip.Data)})"));
            tensors[clip.Name] = clip with { Data = [.. clip.Data.Select(v => v <= 0 ? ClipOfNoBits : v)] };
        }
        if (replaced.Count > 0)
        {
            notes.Add($"{replaced.Count} attention clips are 0 or below, so that no attention bit is ever set there, in training as here: "
                + $"{string.Join("; ", replaced.Take(6))}{(replaced.Count > 6 ? "; ..." : "")}. These attentions add a constant only");
        }
    }

    private static Preprocess Preprocessing(int size, ImportOptions options, List<string> notes)
    {
        int resize = options.ResizeShorterSide ?? (size < SmallImage ? size : (int)Math.Round((double)size * PhotographResize / Photograph));
        if (resize < size || resize > 1 << 16)
        {
            throw new ModelFormatException($"Images would be resized to {resize} pixels, expected at least the network's {size} and at most 65536 (--resize).");
        }

        CheckTriple(options.Mean, "--mean", v => v is >= -10 and <= 10, "three numbers, as of pixels in 0..1");
        CheckTriple(options.Std, "--std", v => v is > 0 and <= 10, "three positive numbers, as of pixels in 0..1");
        Interpolation interpolation = options.Interpolation ?? Interpolation.Bicubic;
        string[] assumed =
        [
            .. options.Mean is null ? [$"mean {Text(PhotographPixels.Mean)} (--mean)"] : (string[])[],
            .. options.Std is null ? [$"std {Text(PhotographPixels.Std)} (--std)"] : (string[])[],
            .. options.ResizeShorterSide is null ? [$"shorter side to {resize} (--resize)"] : (string[])[],
            .. options.Interpolation is null ? ["bicubic (--interpolation)"] : (string[])[],
        ];
        if (assumed.Length > 0)
        {
            notes.Add($"assumed: images are prepared with {string.Join(", ", assumed)}; a checkpoint does not say how it was trained");
        }

        return new Preprocess(size, size, resize, interpolation, options.Mean ?? PhotographPixels.Mean, options.Std ?? PhotographPixels.Std);
    }

    private static void CheckTriple(IReadOnlyList<float>? values, string option, Predicate<float> fits, string expected)
    {
        if (values is not null && (values.Count != 3 || values.Any(v => !fits(v))))
        {
            throw new ModelFormatException($"{option} is {Text(values)}, expected {expected}.");
        }
    }

    internal static string Text(IEnumerable<float> values) => string.Join(',', values.Select(v => v.ToString(CultureInfo.InvariantCulture)));

    private static void CheckLabels(string path, int classes, IReadOnlyList<string>? given, List<string> notes)
    {
        if (given is null)
        {
            notes.Add($"no labels were given: the classes are called 'class 0' to 'class {classes - 1}' (--labels)");
        }
        else if (given.Count != classes)
        {
            throw new ModelFormatException($"{path}: the network has {classes} classes, but {given.Count} labels are given. Give one label for each class, in the order of the classes.");
        }
    }
}
