using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>What weighs the channels of a stage's convolutions, image by image.</summary>
[JsonConverter(typeof(GateKindJson))]
internal enum GateKind
{
    /// <summary>Nothing: <c>none</c>.</summary>
    None,

    /// <summary>A gate of 0 to 2 for each channel, <c>excite(RPReLU(squeeze(mean of the tokens)))</c> of the convolution's float input (squeeze-and-excitation, Hu et al.
    /// 2018; before the signs as Martinez et al. 2020 and BNext, Guo et al. 2022): <c>channel</c>.</summary>
    Channel,
}

/// <summary>The names of the kinds in files.</summary>
internal static class GateKinds
{
    public const string Names = "none or channel";

    public static string Name(GateKind kind) => kind == GateKind.Channel ? "channel" : "none";

    /// <summary>The kind of a name; null for none of them.</summary>
    public static GateKind? Parse(string? name) => name switch
    {
        "none" => GateKind.None,
        "channel" => GateKind.Channel,
        _ => null,
    };
}

internal sealed class GateKindJson() : NamedChoiceJson<GateKind>("gate", GateKinds.Parse, GateKinds.Name, GateKinds.Names);
