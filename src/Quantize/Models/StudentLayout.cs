using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>The network that <c>--student</c> means: a preset, or a custom layout in a JSON file.</summary>
internal static class StudentLayout
{
    private const string Extension = ".json";
    private const int MostBytes = 1 << 20;

    /// <summary>Whether the name is that of a file.</summary>
    internal static bool IsFile(string student) => student.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The network that the options ask for: a layout with what they change of it.</summary>
    /// <exception cref="ConvertException">As for <see cref="Of(string)"/>.</exception>
    /// <exception cref="ModelFormatException">As for <see cref="Of(string)"/>.</exception>
    internal static BinaryViTConfig Of(ConvertOptions options)
    {
        BinaryViTConfig layout = Of(options.Student);
        RequirePlaceForStem(options, layout);
        return (layout with
        {
            Down = options.FloatDownsampling switch { true => DownKind.Float, false => DownKind.Binary, null => layout.Down },
            Branches = options.Branches ?? layout.Branches,
            ShiftedPatches = options.ShiftedPatches ?? layout.ShiftedPatches,
            StemWidth = options.Stem ?? layout.StemWidth,
            AttentionLevels = options.AttentionLevels ?? layout.AttentionLevels,
            Locality = options.Locality ?? layout.Locality,
            ClassAttention = options.ClassHead switch
            {
                null => layout.ClassAttention,
                false => 0,
                true => layout.ClassAttention > 0 ? layout.ClassAttention : BinaryViTConfig.UsualClassAttention,
            },
        }).Validate();
    }

    /// <summary>A stem of layers may stride, and the patches behind it are as small as its grid lets them be: another one makes another network of it.</summary>
    private static void RequirePlaceForStem(ConvertOptions options, BinaryViTConfig layout)
    {
        if (options.Stem is { } width && layout.Stem is { } stem)
        {
            throw new ConvertException(
                $"--stem {width}: {layout.Name} has a stem of its own ({string.Join(", ", stem.Select(l => $"{l.Kernel}x{l.Kernel} of stride {l.Stride}"))}), which its patches are made for. Leave --stem out, change \"stem\" in a layout (--plan prints one), or choose a --student without, such as binaryvit-nano.",
                ConvertException.Usage);
        }
    }

    /// <summary>Whether the options ask for another network than a preset's.</summary>
    internal static bool IsOwn(ConvertOptions options) =>
        IsFile(options.Student) || options.FloatDownsampling is not null || options.Branches is not null || options.ShiftedPatches is not null || options.Stem is not null
        || options.AttentionLevels is not null || options.Locality is not null || options.ClassHead is not null;

    /// <summary>Finds the network.</summary>
    /// <param name="student">Name of a preset, or path of a JSON file as <see cref="ConfigJson"/> writes it; its number of classes gives way to the
    /// data's.</param>
    /// <exception cref="ConvertException">The file cannot be read, or describes a network that the trainer does not build.</exception>
    /// <exception cref="ModelFormatException">There is no such preset; the file has unknown or missing keys or an impossible network.</exception>
    internal static BinaryViTConfig Of(string student)
    {
        if (File.Exists(student) && (!IsFile(student) || ModelFileKinds.Of(student) is not (ModelFileKind.Json or ModelFileKind.Unknown)))
        {
            throw new ConvertException($"--student {student}: it is {ModelFileKinds.Name(ModelFileKinds.Of(student))}, expected a preset's name or a JSON file with a layout (--plan prints one).", ConvertException.Usage);
        }

        if (Directory.Exists(student) && !BinaryViTPresets.Names.Contains(student))
        {
            throw new ConvertException($"--student {student}: it is a folder, expected a preset's name or a JSON file with a layout (--plan prints one).", ConvertException.Usage);
        }

        if (!IsFile(student))
        {
            return Preset(student);
        }

        BinaryViTConfig network;
        try
        {
            network = ConfigJson.Read(Text(student));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConvertException($"--student {student}: {FileFault.Of(e, student)}. Expected a preset's name or a JSON file with a layout.", e, ConvertException.Usage);
        }
        catch (ModelFormatException e)
        {
            throw new ModelFormatException($"--student {student}: {e.Message}", e);
        }
        if (!network.EmbeddingNorm || network.ClassToken || !network.LayerScale || network.LayerNorm || network.Channels != 3)
        {
            throw new ConvertException(
                $"--student {student}: the trainer builds pyramids on 3 channels with embeddingNorm and layerScale true, classToken and layerNorm false; other forms can be imported, not trained.",
                ConvertException.NotSupported);
        }
        return network;
    }

    private static BinaryViTConfig Preset(string name)
    {
        try
        {
            return BinaryViTPresets.Get(name);
        }
        catch (ModelFormatException e)
        {
            throw new ModelFormatException($"--student: {e.Message}", e);
        }
    }

    private static string Text(string student)
    {
        (string? text, string? fault) = TextBytes.Read(FileBytes.Read(student, MostBytes), student);
        return text ?? throw new IOException(fault);
    }
}
