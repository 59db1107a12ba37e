using System.Security.Cryptography;
using System.Text;
using EdgeVit.Cli;
using EdgeVit.Runtime;

namespace EdgeVit.Serve;

/// <summary>The secret word that clients send.</summary>
internal sealed class AccessToken
{
    private const int MostBytes = 4096;
    private const int Shortest = 16;
    private const string Scheme = "Bearer ";

    private readonly byte[] _word;

    private AccessToken(byte[] word) => _word = word;

    /// <summary>Reads the file of a token: one word on one line.</summary>
    /// <exception cref="UserException">There is no such file, everybody can read it, or the word is too easy.</exception>
    public static AccessToken Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"--token {path}: no such file. Make one:  head -c 24 /dev/urandom | base64 > {path}; chmod 600 {path}", ExitCode.Usage);
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
        {
            throw new UserException($"--token {path}: every user of this machine can read or change this file:  chmod 600 {path}", ExitCode.Usage);
        }

        string word = Encoding.UTF8.GetString(Bytes(path)).Trim();
        return word.Length >= Shortest && word.All(c => c is > ' ' and <= '~') ? new AccessToken(Encoding.ASCII.GetBytes(word)) : throw new UserException(
            $"--token {path}: {(word.Length < Shortest ? $"the word has {word.Length} letters" : "the word has spaces or letters beyond ASCII")}, expected one word of at least {Shortest} letters, digits and signs.",
            ExitCode.Usage);
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            return FileBytes.Read(path, MostBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--token {path}: {FileFault.Of(e, path)}; expected one word of at least {Shortest} letters.", ExitCode.Usage, e);
        }
    }

    /// <summary>Whether a request's <c>Authorization</c> carries the word; takes as long for a nearly right one as for any other.</summary>
    public bool Fits(string? authorization) => authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), _word);
}
