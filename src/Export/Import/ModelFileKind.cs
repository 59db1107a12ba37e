using System.Buffers.Binary;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What a file with a network, or one that was taken for it, is: decided by its first bytes, not by its name.</summary>
internal enum ModelFileKind
{
    /// <summary>None of the others, or damaged.</summary>
    Unknown,

    /// <summary>A packed model, of any version.</summary>
    Model,

    /// <summary>An ONNX network.</summary>
    Onnx,

    /// <summary>A file of torch.save.</summary>
    PyTorch,

    /// <summary>A program of TorchScript, with weights.</summary>
    TorchScript,

    /// <summary>Tensors of safetensors without a graph.</summary>
    Safetensors,

    /// <summary>The index of a checkpoint in several files.</summary>
    Index,

    /// <summary>A network of another tool, which nothing here reads.</summary>
    OtherNetwork,

    /// <summary>A picture.</summary>
    Picture,

    /// <summary>A JSON text, such as a result of bench.</summary>
    Json,

    /// <summary>A text that stands for a file in Git LFS.</summary>
    LfsPointer,

    /// <summary>A web page.</summary>
    WebPage,
}

/// <summary>Tells files of networks apart, and says which verb takes which.</summary>
internal static class ModelFileKinds
{
    private const int HeadBytes = 1 << 12;
    private const int TailBytes = 1 << 16;
    private const int LongestHeader = 1 << 24;

    /// <summary>What a file is; unknown where it cannot be read. What is no regular file (a pipe, a terminal) is left alone: whoever opens it may wait for
    /// ever, and what is read of it is gone.</summary>
    internal static ModelFileKind Of(string path)
    {
        try
        {
            if ((File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)) is not FileInfo { Exists: true, Length: > 0 })
            {
                return ModelFileKind.Unknown;
            }

            using FileStream stream = File.OpenRead(path);
            byte[] bytes = new byte[HeadBytes];
            ReadOnlySpan<byte> head = bytes.AsSpan(0, stream.ReadAtLeast(bytes, HeadBytes, throwOnEndOfStream: false));
            return head.StartsWith("PK\x03\x04"u8) ? Zip(head, stream) : Text(head, path) is var text and not ModelFileKind.Unknown ? text : Binary(head, path, stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ModelFileKind.Unknown;
        }
    }

    /// <summary>What a file of a kind is, to follow "it is".</summary>
    internal static string Name(ModelFileKind kind) => kind switch
    {
        ModelFileKind.Model => "a packed model",
        ModelFileKind.Onnx => "an ONNX network",
        ModelFileKind.PyTorch => "a PyTorch checkpoint",
        ModelFileKind.TorchScript => "a TorchScript program",
        ModelFileKind.Safetensors => "a checkpoint (safetensors)",
        ModelFileKind.Index => "the index of a checkpoint in several files",
        ModelFileKind.OtherNetwork => "a network of another tool (Keras, TensorFlow Lite, GGUF)",
        ModelFileKind.Picture => "a picture",
        ModelFileKind.Json => "a JSON text",
        ModelFileKind.LfsPointer => "a Git-LFS pointer",
        ModelFileKind.WebPage => "a web page",
        _ => "another file",
    };

    /// <summary>What the file is and which verb takes it, as a sentence that begins with its name; expected was something such as <c>a model file</c>.</summary>
    internal static string Describe(string path, ModelFileKind kind, string expected) => kind switch
    {
        ModelFileKind.Model => $"{path} is {Name(kind)}, not {expected}. It runs as it is:  edgevit run {path} PICTURE;  edgevit inspect {path} shows what is in it, and convert --teacher {path} learns from it.",
        ModelFileKind.Onnx => $"{path} is {Name(kind)}, not {expected}. A student learns from it by  edgevit convert --data DIR --out DIR --teacher {path};  edgevit bench model.evit --against {path} measures it beside a model.",
        ModelFileKind.PyTorch => $"{path} is {Name(kind)}, not {expected}. Make a model of it:  edgevit import {path} --out model.evit",
        ModelFileKind.TorchScript => $"{path} is {Name(kind)}, not {expected}, and is not executed. Save its weights (torch.save(model.state_dict(), 'weights.pth')) for  edgevit import,  or export it to ONNX for  edgevit convert --teacher.",
        ModelFileKind.Safetensors => $"{path} is {Name(kind)}, not {expected}. Make a model of it:  edgevit import {path} --out model.evit;  a teacher's checkpoint of an earlier run serves  edgevit convert --teacher {path}",
        ModelFileKind.Index => $"{path} is {Name(kind)}, not {expected}. Make a model of them:  edgevit import {path} --out model.evit",
        ModelFileKind.OtherNetwork => $"{path} is {Name(kind)}, not {expected}. Export it to ONNX:  edgevit convert --teacher net.onnx  learns from it.",
        ModelFileKind.Picture => $"{path} is {Name(kind)}, not {expected}. The model comes first:  edgevit run model.evit {path}",
        ModelFileKind.Json => $"{path} is {Name(kind)}, not {expected}. A result of bench is shown by  edgevit report {path} --out report.html",
        ModelFileKind.LfsPointer => $"{path} is {Name(kind)}, not {expected}. Fetch the file itself:  git lfs pull",
        ModelFileKind.WebPage => $"{path} is {Name(kind)}, not {expected}: the download was answered with something else. Download the file itself.",
        _ => $"{path} is not {expected}.",
    };

    private static ModelFileKind Zip(ReadOnlySpan<byte> head, FileStream stream)
    {
        byte[] tail = new byte[Math.Min(TailBytes, stream.Length)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        stream.ReadExactly(tail);
        bool Has(ReadOnlySpan<byte> name, ReadOnlySpan<byte> first) => first.IndexOf(name) >= 0 || tail.AsSpan().IndexOf(name) >= 0;
        return Has("/constants.pkl"u8, head) || Has("/code/__torch__"u8, head) ? ModelFileKind.TorchScript
            : Has("data.pkl"u8, head) ? ModelFileKind.PyTorch
            : Has("model.weights.h5"u8, head) ? ModelFileKind.OtherNetwork : ModelFileKind.Unknown;
    }

    private static ModelFileKind Text(ReadOnlySpan<byte> head, string path)
    {
        ReadOnlySpan<byte> start = head.TrimStart(" \t\r\n"u8);
        return start.StartsWith("version https://git-lfs"u8) ? ModelFileKind.LfsPointer
            : start.StartsWith("<!"u8) || start.StartsWith("<html"u8) || start.StartsWith("<HTML"u8) ? ModelFileKind.WebPage
            : start is not [(byte)'{' or (byte)'[', ..] || head.Contains((byte)0) ? ModelFileKind.Unknown
            : CheckpointParts.IsIndex(path) ? ModelFileKind.Index : ModelFileKind.Json;
    }

    private static ModelFileKind Binary(ReadOnlySpan<byte> head, string path, long length) => head switch
    {
        [0x80, >= 2 and <= 5, ..] => ModelFileKind.PyTorch,
        [0x89, (byte)'H', (byte)'D', (byte)'F', ..] or [_, _, _, _, (byte)'T', (byte)'F', (byte)'L', (byte)'3', ..] or [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] => ModelFileKind.OtherNetwork,
        [_, _, _, _, _, _, _, _, (byte)'{', ..] => Tensors(path, BinaryPrimitives.ReadInt64LittleEndian(head), length),
        _ when PictureHead.Is(head) => ModelFileKind.Picture,
        // protobuf: the version of the format, a varint, then another field of ModelProto.
        [0x08, >= 1 and <= 64, 0x12 or 0x1A or 0x22 or 0x28 or 0x32 or 0x3A or 0x42, ..] => ModelFileKind.Onnx,
        _ => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) && head.IndexOf("onnx"u8) >= 0 ? ModelFileKind.Onnx : ModelFileKind.Unknown,
    };

    /// <summary>A safetensors file: a model has its graph in the header. One whose header is cut off or damaged is none of both.</summary>
    private static ModelFileKind Tensors(string path, long header, long length)
    {
        if (FormerModel.IsModel(path))
        {
            return ModelFileKind.Model;
        }

        if (header is <= 0 or > LongestHeader || header > length - sizeof(long))
        {
            return ModelFileKind.Unknown;
        }

        using FileStream stream = File.OpenRead(path);
        stream.Seek(sizeof(long), SeekOrigin.Begin);
        byte[] json = new byte[header];
        stream.ReadExactly(json);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.EnumerateObject().Any(e => e.Value.ValueKind == JsonValueKind.Object && e.Value.TryGetProperty("data_offsets", out _))
                && json.AsSpan().IndexOf("\"edgevit."u8) < 0 ? ModelFileKind.Safetensors : ModelFileKind.Unknown;
        }
        catch (JsonException)
        {
            return ModelFileKind.Unknown;
        }
    }
}
