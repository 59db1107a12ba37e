namespace EdgeVit.Cli;

/// <summary>Checks of an output file before there is anything to write.</summary>
internal static class OutputPath
{
    /// <summary>Refuses a file that is the input, and a folder; <paramref name="what"/> is what the input is called.</summary>
    /// <exception cref="UserException">The file cannot be the output.</exception>
    public static void Check(string target, string source, string what)
    {
        if (Path.GetFullPath(source) == Path.GetFullPath(target))
        {
            throw new UserException($"--out {target} is {what} itself. Name another file.", ExitCode.Usage);
        }

        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
        {
            throw new UserException($"--out {target} is a folder. Name a file in it.", ExitCode.Usage);
        }
    }
}
