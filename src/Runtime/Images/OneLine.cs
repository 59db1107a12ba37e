namespace EdgeVit.Runtime;

/// <summary>Texts of others, as the names of files, in lines of output.</summary>
internal static class OneLine
{
    /// <summary>A text without control characters: ends of lines as <c>\n</c> and <c>\r</c>, others as <c>\x1b</c>, so that a name is neither two lines nor a command to the
    /// terminal.</summary>
    internal static string Of(string text) => !text.Any(char.IsControl) ? text : string.Concat(text.Select(static c => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        _ when char.IsControl(c) => $"\\x{(int)c:x2}",
        _ => c.ToString(),
    }));
}
