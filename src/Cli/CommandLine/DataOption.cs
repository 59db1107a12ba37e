using EdgeVit.Imaging;

namespace EdgeVit.Cli;

/// <summary>The option <c>--data</c> of several verbs.</summary>
internal static class DataOption
{
    /// <summary>Declares it.</summary>
    /// <param name="description">What the verb does with the data.</param>
    /// <param name="required">Whether it must be given.</param>
    public static InputOption<T> Create<T>(string description, bool required = false) =>
        new("--data") { Description = description, HelpName = "PATH", Required = required, IsThere = DatasetFolder.IsThere, Absent = DatasetFolder.Absent };
}
