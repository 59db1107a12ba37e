namespace EdgeVit.Cli;

/// <summary>What can be said of an output file before there is anything to write.</summary>
internal static class OutputPath
{
    /// <summary>Refuses a file that is the input, and a folder.</summary>
    /// <param name="target">What <c>--out</c> names.</param>
    /// <param name="source">The input.</param>
    /// <param name="what">What the input is called.</param>
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
