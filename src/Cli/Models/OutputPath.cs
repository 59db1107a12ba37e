using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Checks of an output file before there is anything to write.</summary>
internal static class OutputPath
{
    /// <summary>Refuses a file that is the input, and a folder; <paramref name="what"/> is what the input is called.</summary>
    /// <exception cref="UserException">The file cannot be the output.</exception>
    public static void Check(string target, string source, string what)
    {
        if (target == "-")
        {
            throw new UserException("--out -: results are not written to standard output. Name a file; one of that name is  ./-", ExitCode.Usage);
        }

        if (Place(source) == Place(target))
        {
            throw new UserException($"--out {target} is {what} itself. Name another file.", ExitCode.Usage);
        }

        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
        {
            throw new UserException($"--out {target} is a folder. Name a file in it.", ExitCode.Usage);
        }
    }

    /// <summary>Where a path leads; as typed where its links go round.</summary>
    private static string Place(string path)
    {
        try
        {
            return RegularFile.Target(path);
        }
        catch (IOException)
        {
            return Path.GetFullPath(path);
        }
    }
}
