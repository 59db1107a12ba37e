namespace EdgeVit.Imaging;

/// <summary>Names that systems and programs leave in folders of pictures: never looked at, never counted.</summary>
internal static class JunkNames
{
    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase)
    {
        ".DS_Store", ".AppleDouble", ".Spotlight-V100", ".Trashes", ".fseventsd", "__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini",
        "$RECYCLE.BIN", "System Volume Information", "@eaDir", "#recycle", ".ipynb_checkpoints", ".directory", "lost+found",
    };

    /// <summary>Whether a file or folder of this name is passed over.</summary>
    internal static bool Contains(string name) => name.StartsWith("._", StringComparison.Ordinal) || s_names.Contains(name);
}
