using System.Globalization;
using System.Numerics;
using EdgeVit.Export.Onnx.Wire;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeVit.Export.Onnx;

/// <summary>The file beside an ONNX model that holds the elements of a constant.</summary>
internal static class OnnxConstantFile
{
    /// <summary>Says of a tensor that its elements stand in another file.</summary>
    internal const int ExternalLocation = 1;

    /// <summary>Makes sure that a constant's file is there, is no pointer to one, and has the bytes that the constant is.</summary>
    /// <exception cref="OnnxModelException">It is not so; the message names the tensor, the file and the remedy.</exception>
    internal static void Require(string model, string folder, TensorOutline tensor)
    {
        string location = Entry(tensor, "location"), of = $"{model}: its tensor '{tensor.Name}'";
        if (Path.IsPathRooted(location) || location.Split('/', '\\').Contains(".."))
        {
            throw new OnnxModelException($"{of} lies in the file '{location}', outside the folder of the model, where nothing is read. Copy that file into {folder} and export again with its bare name, or export into one file.");
        }

        string path = Path.Combine(folder, location);
        if (location.Length == 0 || !File.Exists(path))
        {
            throw new OnnxModelException($"{of} lies in the file '{location}', which is not beside it. Copy that file into {folder}, too, or export into one file.");
        }

        RequireBytes(of, location, path, tensor);
        RequireNoPointer(of, location, path);
    }

    private static void RequireBytes(string of, string location, string path, TensorOutline tensor)
    {
        BigInteger? needed = OnnxElements.Bytes((TensorElementType)tensor.DataType) is { } size ? tensor.Dims.Aggregate((BigInteger)size, static (product, dim) => product * dim) : null;
        BigInteger offset = Number(of, tensor, "offset") ?? 0, there = new FileInfo(path).Length;
        BigInteger length = Number(of, tensor, "length") ?? needed ?? 0;
        if (offset + length > there)
        {
            throw new OnnxModelException($"{of} is bytes {offset} to {offset + length} of '{location}', which has {there}. That file is cut off or another one's: copy it again.");
        }

        if (needed is not null && length != needed)
        {
            throw new OnnxModelException($"{of} [{string.Join(", ", tensor.Dims)}] is {needed} bytes, and the file says that {length} of '{location}' are it. Export it again.");
        }
    }

    /// <summary>A pointer of Git LFS in place of the file would be taken for numbers.</summary>
    private static void RequireNoPointer(string of, string location, string path)
    {
        Span<byte> head = stackalloc byte[40];
        using FileStream stream = File.OpenRead(path);
        if (head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)].StartsWith("version https://git-lfs"u8))
        {
            throw new OnnxModelException($"{of} lies in '{location}', which is a pointer of Git LFS, not the file itself. Fetch it:  git lfs pull");
        }
    }

    /// <summary>An entry that is a number; null where there is none.</summary>
    private static BigInteger? Number(string of, TensorOutline tensor, string key) => Entry(tensor, key) is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
        : throw new OnnxModelException($"{of} has '{text}' as {key} in the file of its elements, expected a whole number. Export it again.");

    private static string Entry(TensorOutline tensor, string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value ?? "";
}
