using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>What <c>explain</c> was asked for.</summary>
/// <param name="Classes">Classes by name whose occlusion maps are wanted besides the most probable ones'.</param>
/// <param name="Grid">Occluders a side.</param>
/// <param name="Fill">What covers.</param>
/// <param name="Channels">Channels of each stage whose most activating images are shown.</param>
/// <param name="Threads">Images at a time.</param>
internal sealed record ExplainSettings(IReadOnlyList<string> Classes, int Grid, OccluderFill Fill, int Channels, int Threads)
{
    /// <summary>Photos of a page at most.</summary>
    public const int MostPhotos = 24;

    /// <summary>Classes whose maps are shown without being asked for, at most.</summary>
    public const int MostClasses = 10;
}
