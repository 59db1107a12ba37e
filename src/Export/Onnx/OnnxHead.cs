using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Tells by its first bytes what a file is that is no ONNX model.</summary>
internal static class OnnxHead
{
    /// <summary>What a file is and what to do, a sentence after its name; null for what may be ONNX.</summary>
    internal static string? Describe(ReadOnlySpan<byte> head) => head switch
    {
        [(byte)'P', (byte)'K', 3, 4, ..] => "is a ZIP archive or a PyTorch checkpoint, no ONNX model. Unpack it, or export the network:  torch.onnx.export",
        [0x80, 2, ..] => "is a pickle (an older PyTorch checkpoint), no ONNX model. Export the network:  torch.onnx.export",
        [_, _, _, _, _, _, _, _, (byte)'{', (byte)'"', ..] => "is a safetensors file (weights, or an .evit model), no ONNX model. Name it with its own ending (.safetensors, .evit), or an .onnx file.",
        _ => FileHead.Describe(head) is (var what, var advice) ? $"is {what}, no ONNX model. {advice}" : null,
    };
}
