using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>What tokens go through before they become queries, keys and values.</summary>
[JsonConverter(typeof(ProjectionKindJson))]
internal enum ProjectionKind
{
    /// <summary>The binary linear layers alone: <c>linear</c>.</summary>
    Linear,

    /// <summary>A float 3x3 convolution of each channel by itself, one for queries, keys and values each, with a norm (CvT, Wu et al. 2021): <c>depthwise</c>.
    /// Those of keys and values have the stage's reduction as their stride.</summary>
    Depthwise,
}

/// <summary>The names of the kinds in files.</summary>
internal static class ProjectionKinds
{
    public const string Names = "linear or depthwise";

    public static string Name(ProjectionKind kind) => kind == ProjectionKind.Depthwise ? "depthwise" : "linear";

    /// <summary>The kind of a name; null for none of them.</summary>
    public static ProjectionKind? Parse(string? name) => name switch
    {
        "linear" => ProjectionKind.Linear,
        "depthwise" => ProjectionKind.Depthwise,
        _ => null,
    };
}

internal sealed class ProjectionKindJson() : NamedChoiceJson<ProjectionKind>("projection", ProjectionKinds.Parse, ProjectionKinds.Name, ProjectionKinds.Names);
