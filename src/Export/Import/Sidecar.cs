using System.Globalization;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What lies beside a checkpoint in the folders that Hugging Face's libraries and timm write: <c>config.json</c> with the heads, the
/// epsilon and the class names, <c>preprocessor_config.json</c> (or timm's <c>pretrained_cfg</c>) with the preparation of images. Used where
/// the options say nothing.</summary>
internal sealed record Sidecar(
    int? HeadSize, double? NormEps, IReadOnlyList<string>? NamesFound, int? ResizeShorterSide, Interpolation? Interpolation, IReadOnlyList<float>? Mean, IReadOnlyList<float>? Std)
{
    private const string Config = "config.json";
    private const string Preprocessor = "preprocessor_config.json";
    private const long MostBytes = 16 << 20;
    private const int Bilinear = 2;
    private const int Bicubic = 3;

    public static Sidecar None { get; } = new(null, null, null, null, null, null, null);

    /// <summary>Names of the classes, each another.</summary>
    public IReadOnlyList<string>? Labels => NamesFound is null ? null : DistinctNames.Of(NamesFound).Names;

    /// <summary>Reads what lies beside a checkpoint.</summary>
    /// <exception cref="ModelFormatException">A file of such a name is not JSON, or says something that cannot be carried out.</exception>
    public static Sidecar Beside(string checkpoint)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(checkpoint)) ?? "";
        using JsonDocument? config = Parse(Path.Combine(folder, Config));
        using JsonDocument? preprocessor = Parse(Path.Combine(folder, Preprocessor));
        JsonElement network = config?.RootElement ?? default;
        JsonElement timm = Get(network, "pretrained_cfg");
        JsonElement images = preprocessor?.RootElement ?? default;
        if (Get(network, "hidden_act") is { ValueKind: JsonValueKind.String } activation && activation.GetString() != "gelu")
        {
            throw new ModelFormatException($"{Path.Combine(folder, Config)}: hidden_act is '{activation.GetString()}', expected 'gelu' (by the error function). "
                + "Networks with other activations cannot be imported.");
        }
        return new Sidecar(
            Integer(network, "hidden_size") is { } width && Integer(network, "num_attention_heads") is > 0 and var heads && width % heads == 0 ? width / heads : null,
            Number(network, "layer_norm_eps"),
            ClassNames(network),
            Resize(images) ?? Resize(timm, Integer(Get(timm, "input_size"), 2)),
            Filter(Get(images, "resample")) ?? Filter(Get(timm, "interpolation")),
            Triple(images, "image_mean") ?? Triple(timm, "mean"),
            Triple(images, "image_std") ?? Triple(timm, "std"));
    }

    /// <summary>What was found, in words; empty for nothing.</summary>
    public string Describe()
    {
        string[] found =
        [
            .. HeadSize is { } size ? [$"heads of {size} channels"] : (string[])[],
            .. NormEps is { } eps ? [string.Create(CultureInfo.InvariantCulture, $"LayerNorm epsilon {eps}")] : (string[])[],
            .. NamesFound is { } names ? [NamesText(names)] : (string[])[],
            .. ResizeShorterSide is { } resize ? [$"shorter side to {resize}"] : (string[])[],
            .. Interpolation is { } filter ? [filter.ToString().ToLowerInvariant()] : (string[])[],
            .. Mean is { } mean ? [$"mean {CheckpointImport.Text(mean)}"] : (string[])[],
            .. Std is { } std ? [$"std {CheckpointImport.Text(std)}"] : (string[])[],
        ];
        return string.Join(", ", found);
    }

    private static string NamesText(IReadOnlyList<string> names)
    {
        (string[] distinct, int numbered) = DistinctNames.Of(names);
        string[] changed = [.. distinct.Where((n, i) => n != names[i]).Take(2)];
        return $"{names.Count} class names{(numbered == 0 ? "" : $" ({numbered} of them are there more than once and have their numbers now: {string.Join(", ", changed.Select(static n => $"'{n}'"))}{(numbered > changed.Length ? ", ..." : "")})")}";
    }

    private static JsonDocument? Parse(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(FileBytes.Read(path, MostBytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{path} lies beside the checkpoint and cannot be read: {FileFault.Of(e, path)}. Repair it or move the checkpoint elsewhere.", e);
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"{path} lies beside the checkpoint and cannot be used: {JsonFault.Of(e)}. Repair it or move the checkpoint elsewhere.", e);
        }
    }

    private static JsonElement Get(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : default;

    private static int? Integer(JsonElement element, string name) =>
        Get(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number : null;

    private static int? Integer(JsonElement array, int index) =>
        array.ValueKind == JsonValueKind.Array && array.GetArrayLength() > index && array[index] is { ValueKind: JsonValueKind.Number } value
            && value.TryGetInt32(out int number) ? number : null;

    private static double? Number(JsonElement element, string name) =>
        Get(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) ? number : null;

    private static float[]? Triple(JsonElement element, string name)
    {
        JsonElement value = Get(element, name);
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 3 && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Number)
            ? [.. value.EnumerateArray().Select(v => (float)v.GetDouble())] : null;
    }

    /// <summary><c>id2label</c>: names by index; timm's <c>label_names</c>. Generic names (<c>LABEL_0</c>) are none.</summary>
    private static string[]? ClassNames(JsonElement config)
    {
        if (Get(config, "label_names") is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String))
        {
            return [.. list.EnumerateArray().Select(n => n.GetString()!)];
        }

        if (Get(config, "id2label") is not { ValueKind: JsonValueKind.Object } names)
        {
            return null;
        }

        var labels = new SortedDictionary<int, string>();
        foreach (JsonProperty name in names.EnumerateObject())
        {
            if (!int.TryParse(name.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || name.Value.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            labels[index] = name.Value.GetString()!;
        }
        bool whole = labels.Count > 0 && labels.Keys.First() == 0 && labels.Keys.Last() == labels.Count - 1;
        return whole && !labels.Values.All(l => l.StartsWith("LABEL_", StringComparison.Ordinal)) ? [.. labels.Values] : null;
    }

    /// <summary>The shorter side: <c>size</c> as a number, <c>shortest_edge</c>, or height and width where they are equal.</summary>
    private static int? Resize(JsonElement images)
    {
        JsonElement size = Get(images, "size");
        int? side = Integer(images, "size") ?? Integer(size, "shortest_edge") ?? (Integer(size, "height") is { } height && height == Integer(size, "width") ? height : null);
        return side is > 0 and <= 1 << 16 ? side : null;
    }

    /// <summary>timm's <c>crop_pct</c>: the input's share of the shorter side.</summary>
    private static int? Resize(JsonElement timm, int? input) =>
        input is > 0 and <= 1 << 16 && Number(timm, "crop_pct") is > 0.1 and <= 1 and var share ? (int)Math.Floor(input.Value / share) : null;

    private static Interpolation? Filter(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt32(out int code) => code switch
        {
            Bilinear => EdgeVit.Runtime.Interpolation.Bilinear,
            Bicubic => EdgeVit.Runtime.Interpolation.Bicubic,
            _ => null,
        },
        JsonValueKind.String => value.GetString() switch
        {
            "bilinear" => EdgeVit.Runtime.Interpolation.Bilinear,
            "bicubic" => EdgeVit.Runtime.Interpolation.Bicubic,
            _ => null,
        },
        _ => null,
    };
}
