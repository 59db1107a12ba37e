using System.CommandLine;
using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>The option <c>--floats</c> of the verbs that write models.</summary>
internal static class FloatsOption
{
    public static Option<string> Create() => new("--floats")
    {
        Description = "f32 keeps floats exact; f16 stores tables and scales in 16 bits where the certificate still holds; auto is exact unless labelled images show that nothing is lost.",
        HelpName = "auto|f16|f32",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>Its value.</summary>
    /// <exception cref="UserException">It is none of the three.</exception>
    public static FloatPolicy Parse(string text) => text.ToLowerInvariant() switch
    {
        "auto" => FloatPolicy.Auto,
        "f16" => FloatPolicy.F16,
        "f32" => FloatPolicy.F32,
        _ => throw new UserException($"--floats is '{text}', expected auto, f16 or f32.", ExitCode.Usage),
    };
}
