using System.Buffers;

namespace EdgeVit.Runtime;

/// <summary>Tells by its first bytes what a file is that was taken for a network and is none.</summary>
internal static class FileHead
{
    /// <summary>So many bytes are looked at.</summary>
    internal const int Bytes = 512;

    private const string Again = "Copy or download it again.", Unpack = "Unpack it.";

    private static readonly SearchValues<byte> s_printed = SearchValues.Create([.. "\t\n\r"u8, .. Enumerable.Range(' ', '~' - ' ' + 1).Select(static c => (byte)c)]);

    /// <summary>What it is, to follow "is", and what to do, as a sentence; null for what may be a network.</summary>
    internal static (string What, string Advice)? Describe(ReadOnlySpan<byte> head) => head switch
    {
        [] => ("empty", Again),
        [0x1F, 0x8B, ..] => ("a gzip archive", Unpack),
        _ when At(head, 257, "ustar"u8) => ("a tar archive", Unpack),
        [0x89, (byte)'H', (byte)'D', (byte)'F', ..] => ("an HDF5 file (Keras)", "Convert it to ONNX:  python -m tf2onnx.convert"),
        [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] => ("a GGUF file", "Take the network in another format: PyTorch, safetensors or ONNX."),
        _ when At(head, 4, "TFL3"u8) => ("a TensorFlow Lite model", "Convert it to ONNX:  python -m tf2onnx.convert --tflite"),
        _ when At(head, 4, "ORTM"u8) => ("a model in ONNX Runtime's own format (.ort)", "Name the .onnx file that it was made from."),
        _ when !head.ContainsAnyExcept((byte)0) => ("a file of zeros", "A copy or download was interrupted: fetch it again."),
        _ => Text(head),
    };

    private static (string What, string Advice)? Text(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> start = head.TrimStart(" \t\r\n\xEF\xBB\xBF"u8);
        return start.StartsWith("version https://git-lfs"u8) ? ("a Git-LFS pointer, not the file itself", "Fetch the file itself:  git lfs pull")
            : start.StartsWith("<"u8) ? ("a web page or XML", "The download was answered with something else: download the file itself.")
            : start.StartsWith("{"u8) ? ("JSON", "Perhaps it is the answer of a download that went wrong: download the file itself.")
            : head.Length >= 8 && head.IndexOfAnyExcept(s_printed) < 0 ? ("a text", "Name the file with the network.") : null;
    }

    private static bool At(ReadOnlySpan<byte> head, int at, ReadOnlySpan<byte> text) => head.Length >= at && head[at..].StartsWith(text);
}
