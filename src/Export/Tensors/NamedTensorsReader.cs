using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Reads trained tensors from files.</summary>
internal static class NamedTensorsReader
{
    /// <summary>The float tensors of a safetensors file (F64, F32, F16, BF16; as F32). Integer tensors, such as the batch counters of batch
    /// norms, are left out.</summary>
    /// <exception cref="ModelFormatException">There is no such file, or it is not a safetensors file.</exception>
    public static IReadOnlyDictionary<string, FloatTensor> ReadSafetensors(string path)
    {
        try
        {
            SafetensorsFile file = SafetensorsFile.Parse(FileBytes.Read(path));
            return file.Tensors.Values
                .Where(t => t.Type is SafetensorsType.F64 or SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16)
                .ToDictionary(t => t.Name, t => new FloatTensor(t.Name, [.. t.Shape], t.ToFloats()), StringComparer.Ordinal);
        }
        catch (EvitFormatException e)
        {
            throw new ModelFormatException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{path}: cannot be read: {FileFault.Of(e, path)}", e);
        }
    }
}
