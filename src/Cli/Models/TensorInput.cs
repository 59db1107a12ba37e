using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Reads an exact network input out of a safetensors file.</summary>
internal static class TensorInput
{
    /// <summary>Reads <c>FILE[:name]</c>; the name may be left out where the file holds one tensor.</summary>
    /// <returns>The tensor's name, its values <c>[n, 3, H, W]</c>, and n. A tensor <c>[3, H, W]</c> is one image.</returns>
    public static (string Name, float[] Values, int Images) Read(string spec, IReadOnlyList<int> inputShape)
    {
        (string path, string? asked) = Split(spec);
        SafetensorsFile file;
        try
        {
            file = SafetensorsFile.Parse(FileBytes.Read(path));
        }
        catch (EvitFormatException e)
        {
            throw new UserException($"{path}: {e.Message}", inner: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: {FileFault.Of(e, path)}.", inner: e);
        }

        SafetensorsTensor tensor = Choose(file, path, asked);
        if (tensor.Type is SafetensorsType.U64 or SafetensorsType.I64)
        {
            throw new UserException($"{path}: tensor '{tensor.Name}' has dtype {SafetensorsTypes.Name(tensor.Type)}, expected a float one.");
        }

        IReadOnlyList<int> shape = tensor.Shape;
        int images = shape.Count == 4 ? shape[0] : 1;
        bool fits = shape.Count is 3 or 4 && images > 0 && shape.Skip(shape.Count - 3).SequenceEqual(inputShape);
        if (!fits)
        {
            throw new UserException($"{path}: tensor '{tensor.Name}' has shape [{string.Join(", ", shape)}], expected [n, {string.Join(", ", inputShape)}].");
        }

        return (tensor.Name, tensor.ToFloats(), images);
    }

    /// <summary>Whether the file of <c>FILE[:name]</c> is there.</summary>
    public static bool IsThere(string spec) => Path.Exists(Split(spec).Path);

    private static (string Path, string? Name) Split(string spec)
    {
        int colon = Path.Exists(spec) ? -1 : spec.IndexOf(':', Math.Max(0, spec.LastIndexOf('/')));
        return colon < 0 ? (spec, null) : (spec[..colon], spec[(colon + 1)..]);
    }

    private static SafetensorsTensor Choose(SafetensorsFile file, string path, string? asked)
    {
        string known = string.Join(", ", file.Tensors.Keys.Take(10));
        if (asked is null)
        {
            return file.Tensors.Count == 1 ? file.Tensors.Values.First() : throw new UserException(
                $"{path} holds {file.Tensors.Count} tensors; name one as {path}:NAME. It has: {known}.", ExitCode.Usage);
        }
        return file.Tensors.TryGetValue(asked, out SafetensorsTensor? tensor) ? tensor : throw new UserException(
            $"{path} has no tensor '{asked}'. It has: {known}.");
    }
}
