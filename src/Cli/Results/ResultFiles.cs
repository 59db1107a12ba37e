using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>The files that a result of <c>bench</c> is written to, each in the form that its ending names.</summary>
internal sealed class ResultFiles
{
    // More than any result without a long series needs.
    private const int CheckedBytes = 256 * 1024;

    private readonly IReadOnlyList<string> _files;

    private ResultFiles(IReadOnlyList<string> files) => _files = files;

    /// <summary>Refuses what cannot be written, before minutes of measuring.</summary>
    /// <param name="files">The files.</param>
    /// <param name="inputs">Files that must not be replaced.</param>
    /// <param name="overwrite">Whether files that EdgeVit did not write may be replaced.</param>
    /// <param name="pages">Whether the result can be a page; else it is JSON only.</param>
    /// <exception cref="UserException">A file is one of the inputs, a folder, or has another ending.</exception>
    /// <exception cref="ModelWriteException">The disk is full or the folder read-only.</exception>
    public static ResultFiles Check(IReadOnlyList<string> files, IReadOnlyList<string> inputs, bool overwrite, bool pages)
    {
        foreach (string file in files)
        {
            foreach (string input in inputs)
            {
                OutputPath.Check(file, input, "an input");
            }

            string ending = Path.GetExtension(file).ToLowerInvariant();
            if (ending is not (".json" or ".md" or ".html"))
            {
                throw new UserException($"--out is {file}, expected a file that ends with .json, .md or .html.", ExitCode.Usage);
            }

            if (ending != ".json" && !pages)
            {
                throw new UserException($"--out is {file}, but this result is written as .json only.", ExitCode.Usage);
            }
        }

        foreach (string file in files)
        {
            Replacement.Check("--out", file, overwrite);
            AtomicFile.Check(file, CheckedBytes);
        }

        return new ResultFiles(files);
    }

    /// <summary>Prints the result's object and writes the files. A file that cannot be written costs nothing that was measured: what was there
    /// stays, the other files are written, and the result is printed as JSON in any case. Returns the exit code.</summary>
    public int Finish(JsonObject result, Printer printer)
    {
        printer.Object(result);
        bool failed = false;
        foreach (string file in _files)
        {
            try
            {
                AtomicFile.Write(file, Encoding.UTF8.GetBytes(Content(file, result)));
                printer.Say($"written: {file}");
            }
            catch (ModelWriteException e)
            {
                printer.Error($"{e.Message} The result is on standard output.");
                failed = true;
            }
        }

        if (failed)
        {
            printer.Data(Printer.Text(result));
        }

        return failed ? ExitCode.Failure : ExitCode.Ok;
    }

    private static string Content(string file, JsonObject result)
    {
        string json = Printer.Text(result);
        string ending = Path.GetExtension(file).ToLowerInvariant();
        if (ending == ".json")
        {
            return json + "\n";
        }

        IReadOnlyList<ReportBlock> blocks = ReportDocument.Of([ResultReader.Parse(json, Path.ChangeExtension(Path.GetFileName(file), ".json"))], []);
        return ending == ".md" ? MarkdownPage.Write(blocks) : HtmlPage.Write(blocks);
    }
}
