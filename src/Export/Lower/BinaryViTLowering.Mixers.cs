namespace EdgeVit.Export;

/// <content>Mixers that do not attend.</content>
internal sealed partial class BinaryViTLowering
{
    /// <summary>X [N, C] plus a binary 3x3 convolution of it with its shortcut: [N, C].</summary>
    private string Convolution(string block, StageConfig stage, string x)
    {
        string conv = $"{block}.conv";
        string a = Normed($"{block}.layernorm_before", x, $"{block}.layernorm_before");
        string sign = _graph.ShiftSign($"{conv}.sign", a, Data($"{conv}.move"));
        string product = BinaryRows($"{conv}.dense", $"{conv}.norm", (value, weight, affine) => _graph.BinaryConv(value, sign, weight, affine, stage.Window));
        string y = RPReLU($"{conv}.rprelu", _graph.Add($"{conv}.sum", product, a), $"{conv}.rprelu");
        return _graph.Add(conv, x, OutputScale($"{conv}.layerscale", y));
    }
}
