using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>What the hidden layer of a block's feed-forward network sees.</summary>
[JsonConverter(typeof(FfnKindJson))]
internal enum FfnKind
{
    /// <summary>Its own token: <c>plain</c>.</summary>
    Plain,

    /// <summary>Its neighbours too, by a float 3x3 convolution of each hidden channel by itself with norm and RPReLU (CeiT's LeFF, Yuan et al. 2021): <c>local</c>.</summary>
    Local,
}

/// <summary>The names of the kinds in files.</summary>
internal static class FfnKinds
{
    public const string Names = "plain or local";

    public static string Name(FfnKind kind) => kind == FfnKind.Local ? "local" : "plain";

    /// <summary>The kind of a name; null for none of them.</summary>
    public static FfnKind? Parse(string? name) => name switch
    {
        "plain" => FfnKind.Plain,
        "local" => FfnKind.Local,
        _ => null,
    };
}

internal sealed class FfnKindJson() : NamedChoiceJson<FfnKind>("ffn", FfnKinds.Parse, FfnKinds.Name, FfnKinds.Names);
