using System.Globalization;
using System.Runtime.InteropServices;
using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Where a run is.</summary>
/// <param name="Step">Steps done. Order, augmentation and rate are functions of it and of the seed: there is no other random state.</param>
/// <param name="BestTop1">Best validation accuracy so far in per cent; negative before the first evaluation.</param>
/// <param name="Seconds">Time trained so far.</param>
internal sealed record TrainState(long Step, double BestTop1, double Seconds)
{
    /// <summary>The start of a run.</summary>
    public static TrainState Start { get; } = new(0, -1, 0);
}

/// <summary>A checkpoint: weights, optimizer state and position as one safetensors file, written whole or not at all.</summary>
internal static class Checkpoint
{
    private const string ModelPrefix = "model.";
    private const string OptimizerName = "optimizer.state";
    private const string ConfigurationPrefix = "config.";
    private const string ExtraPrefix = "extra.";

    /// <summary>Writes a checkpoint, replacing an older one.</summary>
    /// <param name="configuration">What a resumed run must share, key → value.</param>
    /// <param name="extras">What else a resumed run needs, as bytes by name.</param>
    /// <exception cref="ConvertException">The file cannot be written; an older one is as it was.</exception>
    internal static void Save(
        string path, nn.Module model, FlatOptimizer? optimizer, TrainState state, IReadOnlyDictionary<string, string> configuration,
        IReadOnlyDictionary<string, byte[]>? extras = null)
    {
        List<SafetensorsTensor> tensors = [];
        using (torch.NewDisposeScope())
        {
            foreach ((string name, Tensor value) in model.state_dict())
            {
                Tensor plain = value.detach().cpu().contiguous();
                SafetensorsType type = plain.dtype == ScalarType.Int64 ? SafetensorsType.I64 : SafetensorsType.F32;
                tensors.Add(new SafetensorsTensor(ModelPrefix + name, type, [.. plain.shape.Select(s => (int)s)], plain.bytes.ToArray()));
            }
        }
        if (optimizer is not null)
        {
            byte[] bytes = optimizer.Save();
            tensors.Add(new SafetensorsTensor(OptimizerName, SafetensorsType.U8, [bytes.Length], bytes));
        }
        foreach ((string name, byte[] bytes) in extras ?? new Dictionary<string, byte[]>())
        {
            tensors.Add(new SafetensorsTensor(ExtraPrefix + name, SafetensorsType.U8, [bytes.Length], bytes));
        }

        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["step"] = state.Step.ToString(CultureInfo.InvariantCulture),
            ["bestTop1"] = state.BestTop1.ToString("R", CultureInfo.InvariantCulture),
            ["seconds"] = state.Seconds.ToString("R", CultureInfo.InvariantCulture),
        };
        foreach ((string key, string value) in configuration)
        {
            metadata[ConfigurationPrefix + key] = value;
        }

        try
        {
            SafetensorsWriter.Write(path, tensors, metadata);
        }
        catch (ModelWriteException e)
        {
            throw new ConvertException($"{e.Message} Earlier checkpoints are untouched; continue with --resume.", e);
        }
    }

    /// <summary>Fills a network, and an optimizer if given, from a checkpoint.</summary>
    /// <param name="model">Filled; must have the same tensors.</param>
    /// <param name="optimizer">Filled, or null.</param>
    /// <param name="configuration">What the checkpoint must share, or null to take it as it is.</param>
    /// <param name="extras">Receives what else was saved.</param>
    /// <exception cref="ConvertException">The file is damaged, of another network, or of a run with another configuration; the message names the keys.</exception>
    internal static TrainState Load(
        string path, nn.Module model, FlatOptimizer? optimizer = null, IReadOnlyDictionary<string, string>? configuration = null,
        IDictionary<string, byte[]>? extras = null)
    {
        SafetensorsFile file = Read(path);
        if (configuration is not null)
        {
            CheckConfiguration(path, file, configuration);
        }

        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        Dictionary<string, Tensor> target = model.state_dict();
        foreach ((string name, Tensor value) in target)
        {
            if (!file.Tensors.TryGetValue(ModelPrefix + name, out SafetensorsTensor? tensor) || tensor.Count != value.numel()
                || tensor.Type != (value.dtype == ScalarType.Int64 ? SafetensorsType.I64 : SafetensorsType.F32))
            {
                throw new ConvertException($"{path}: tensor '{name}' is {(tensor is null ? "missing" : "of another size or type")}. The checkpoint belongs to another network, or to one for other classes.");
            }
            value.copy_(value.dtype == ScalarType.Int64
                ? torch.tensor(MemoryMarshal.Cast<byte, long>(tensor.Bytes.Span).ToArray()).view(value.shape)
                : torch.tensor(MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).ToArray()).view(value.shape));
        }
        if (optimizer is not null)
        {
            if (!file.Tensors.TryGetValue(OptimizerName, out SafetensorsTensor? state))
            {
                throw new ConvertException($"{path}: it holds weights but no optimizer state, so a run cannot go on from it.");
            }

            optimizer.Restore(state.Bytes.ToArray());
        }
        if (extras is not null)
        {
            foreach (SafetensorsTensor tensor in file.Tensors.Values.Where(t => t.Name.StartsWith(ExtraPrefix, StringComparison.Ordinal)))
            {
                extras[tensor.Name[ExtraPrefix.Length..]] = tensor.Bytes.ToArray();
            }
        }
        return State(path, file);
    }

    /// <summary>Why a checkpoint cannot be read, in words behind its name; null where it can.</summary>
    internal static string? Fault(string path)
    {
        if (!File.Exists(path))
        {
            return "is not there";
        }

        try
        {
            _ = State(path, SafetensorsFile.Parse(FileBytes.Read(path)));
            return null;
        }
        catch (ConvertException)
        {
            return "is no checkpoint of a training";
        }
        catch (Exception e) when (e is EvitFormatException or IOException or UnauthorizedAccessException)
        {
            return $"cannot be read ({Words(e, path)})";
        }
    }

    private static string Words(Exception e, string path) => (e as EvitFormatException)?.Message.TrimEnd('.') ?? FileFault.Of(e, path);

    /// <summary>The position of a checkpoint, without loading it into a network.</summary>
    /// <exception cref="ConvertException">The file is damaged.</exception>
    public static TrainState Peek(string path) => State(path, Read(path));

    /// <summary>One setting of the run that a checkpoint is from; null if the file has none.</summary>
    /// <exception cref="ConvertException">The file is damaged.</exception>
    internal static string? Setting(string path, string key) => Read(path).Metadata.GetValueOrDefault(ConfigurationPrefix + key);

    /// <summary>One of the extras of a checkpoint; null if it has none of that name.</summary>
    /// <exception cref="ConvertException">The file is damaged.</exception>
    internal static byte[]? Extra(string path, string name) => Read(path).Tensors.GetValueOrDefault(ExtraPrefix + name)?.Bytes.ToArray();

    /// <summary>Compares the configuration of a checkpoint.</summary>
    /// <exception cref="ConvertException">It is another; the message names the keys. Or the file is damaged.</exception>
    internal static void RequireSame(string path, IReadOnlyDictionary<string, string> configuration) => CheckConfiguration(path, Read(path), configuration);

    private static TrainState State(string path, SafetensorsFile file)
    {
        try
        {
            return new TrainState(
                long.Parse(file.Metadata["step"], CultureInfo.InvariantCulture),
                double.Parse(file.Metadata["bestTop1"], CultureInfo.InvariantCulture),
                double.Parse(file.Metadata["seconds"], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is KeyNotFoundException or FormatException)
        {
            throw new ConvertException($"{path}: it is not a checkpoint of a training run. Start again without --resume in another folder.", e);
        }
    }

    private static SafetensorsFile Read(string path)
    {
        try
        {
            return SafetensorsFile.Parse(FileBytes.Read(path));
        }
        catch (Exception e) when (e is EvitFormatException or IOException or UnauthorizedAccessException)
        {
            throw new ConvertException($"{path}: the checkpoint cannot be read: {Words(e, path)}. Delete it to train this part again.", e);
        }
    }

    private static void CheckConfiguration(string path, SafetensorsFile file, IReadOnlyDictionary<string, string> configuration)
    {
        const string prefix = ConfigurationPrefix;
        string[] keys = [.. configuration.Keys
            .Union(file.Metadata.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Select(k => k[prefix.Length..]))
            .Order(StringComparer.Ordinal)];
        string[] changed = [.. keys.Select(key =>
        {
            string was = file.Metadata.GetValueOrDefault(prefix + key, "absent");
            string now = configuration.GetValueOrDefault(key, "absent");
            return ConfigurationKeys.Same(key, was, now) ? "" : $"{key} was {was}, is {now}";
        }).Where(t => t.Length > 0)];
        if (changed.Length > 0)
        {
            throw new ConvertException(
                $"{path}: the run cannot be resumed with another configuration: {string.Join("; ", changed)}. Use the old settings, or another output folder.",
                ConvertException.Usage);
        }
    }
}
