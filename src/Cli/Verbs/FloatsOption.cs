using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>The option <c>--floats</c> of the verbs that write models.</summary>
internal static class FloatsOption
{
    public static ChoiceOption Create() => new("--floats", "auto", "f16", "f32")
    {
        Description = "f32 keeps floats exact; f16 stores tables and scales in 16 bits where the certificate still holds; auto is exact unless labelled images show that nothing is lost.",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>Its value.</summary>
    public static FloatPolicy Parse(string text) => text switch
    {
        "f16" => FloatPolicy.F16,
        "f32" => FloatPolicy.F32,
        _ => FloatPolicy.Auto,
    };
}
