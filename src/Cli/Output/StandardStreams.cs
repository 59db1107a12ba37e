using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>Standard input, output and error of this process, any of which a caller may have closed (<c>&lt;&amp;-</c>). The numbers of closed ones are given to
/// files that the runtime opens, which must then be neither read nor written.</summary>
internal static class StandardStreams
{
    private const int CloseOnExec = 0x80000;

    /// <summary>Lets what is written to a closed stream go nowhere. To be called once, before anything is written.</summary>
    public static void Prepare()
    {
        if (!IsOpen(1))
        {
            Console.SetOut(TextWriter.Null);
        }

        if (!IsOpen(2))
        {
            Console.SetError(TextWriter.Null);
        }
    }

    /// <summary>Standard input, to be read to its end.</summary>
    /// <param name="content">What is read, for the message.</param>
    /// <exception cref="UserException">It is closed, or a terminal.</exception>
    public static Stream OpenInput(string content)
    {
        if (!IsOpen(0))
        {
            throw new UserException($"standard input is closed: pipe {content} into it, or name a file.", ExitCode.Usage);
        }

        return Console.IsInputRedirected
            ? Console.OpenStandardInput() : throw new UserException($"standard input is a terminal: pipe {content} of another program into it.", ExitCode.Usage);
    }

    /// <summary>How a message calls a stream: with the file that it leads to, where that is to be seen.</summary>
    /// <param name="number">1 or 2.</param>
    public static string Place(int number)
    {
        string name = number == 1 ? "standard output" : "standard error";
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{number}")).LinkTarget is ['/', ..] target ? $"{name} ({target})" : name;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return name;
        }
    }

    /// <summary>Whether a stream was open when the process began: whoever started the process cannot have handed over what is closed on execution.</summary>
    /// <param name="number">0, 1 or 2.</param>
    public static bool IsOpen(int number)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            string? flags = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{number}"))
                .FirstOrDefault(l => l.StartsWith("flags:", StringComparison.Ordinal));
            return flags is null || (Convert.ToInt32(flags[6..].Trim(), 8) & CloseOnExec) == 0;
        }
        catch (Exception e) when (e is FileNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return true;
        }
    }
}
