using System.Text;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The card that lies beside a model: <c>card.md</c> for <c>model.evit</c>, as in a run folder, <c>name.md</c> for
/// <c>name.evit</c>.</summary>
internal static class CardFile
{
    /// <summary>Writes the card of a model and returns its path, null where it could not be written. A card that is there is replaced; another file
    /// of that name stays as it is, with a warning.</summary>
    /// <exception cref="ModelWriteException">The disk is full or the folder read-only.</exception>
    public static string? Write(string model, EvitFile file, Printer printer)
    {
        string name = Path.GetFileName(model);
        string path = Path.Combine(Path.GetDirectoryName(model) ?? "", name == "model.evit" ? "card.md" : Path.ChangeExtension(name, ".md"));
        if (Directory.Exists(path) || (File.Exists(path) && !IsCard(path)))
        {
            printer.Say($"{path} is there and is no model card, so it stays as it is; 'edgevit inspect {ShellQuote.Word(model)} --card' prints the card");
            return null;
        }
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(ModelCard.Write(file, name)));
        return path;
    }

    private static bool IsCard(string path)
    {
        try
        {
            return File.ReadLines(path).Take(4).Any(line => line.StartsWith(ModelCard.Opening, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
