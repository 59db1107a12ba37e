using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>The command as it goes onto a board: files under one folder, with <c>edgevit</c> in it.</summary>
internal sealed partial class ToolPackage : IDisposable
{
    /// <summary>The program's name in the folder.</summary>
    public const string Program = "edgevit";

    private static readonly byte[] s_elf = [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    private readonly string? _temporary;

    private ToolPackage(string folder, string source, string? temporary)
    {
        Folder = folder;
        Source = source;
        _temporary = temporary;
        Files = Check();
    }

    public string Folder { get; }

    /// <summary>Where it came from, for people.</summary>
    public string Source { get; }

    /// <summary>Paths below the folder, with '/', in the order of their names.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The newest version of glibc that a file asks for; null where none asks.</summary>
    public Version? Glibc { get; private set; }

    /// <summary>Takes an archive of publish.sh, or a folder.</summary>
    /// <exception cref="UserException">It is neither, or is for another kind of machine than <paramref name="rid"/>.</exception>
    public static ToolPackage Open(string path, string rid)
    {
        if (Directory.Exists(path))
        {
            return Checked(new ToolPackage(path, path, null), rid);
        }

        if (!File.Exists(path))
        {
            throw new UserException($"--tool {path}: no such file or folder.");
        }

        string temporary = Directory.CreateTempSubdirectory("edgevit-tool-").FullName;
        try
        {
            using (FileStream file = File.OpenRead(path))
            using (var gzip = new GZipStream(file, CompressionMode.Decompress))
            {
                TarFile.ExtractToDirectory(gzip, temporary, overwriteFiles: false);
            }

            string root = File.Exists(Path.Combine(temporary, Program)) ? temporary : Directory.GetDirectories(temporary) is [var only] ? only : temporary;
            return Checked(new ToolPackage(root, path, temporary), rid);
        }
        catch (Exception e)
        {
            Directory.Delete(temporary, recursive: true);
            if (e is InvalidDataException or EndOfStreamException or FormatException)
            {
                throw new UserException($"{path} is not a whole archive of ./publish.sh (tar, gzip). Make it again, or copy it again.", inner: e);
            }

            throw;
        }
    }

    /// <summary>Whether a file of the folder is to be started.</summary>
    public bool IsProgram(string file) => file is Program or Program + "-serve";

    public string PathOf(string file) => Path.Combine(Folder, file);

    public void Dispose()
    {
        if (_temporary is not null)
        {
            Directory.Delete(_temporary, recursive: true);
        }
    }

    private static ToolPackage Checked(ToolPackage package, string rid)
    {
        bool arm = rid == "linux-arm64";
        foreach (string file in package.Files)
        {
            if (package.Inspect(file) is { } machine && machine != (arm ? 183 : 62))
            {
                throw new UserException($"the tool in {package.Source} is for another processor ({(machine == 183 ? "arm64" : machine == 62 ? "x64" : $"ELF machine {machine}")}: {file}); this board needs {rid}. Make one with ./publish.sh {rid}.");
            }
        }
        return package;
    }

    private IReadOnlyList<string> Check()
    {
        var files = new List<string>();
        foreach (string path in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(Folder, path).Replace('\\', '/');
            if (!SafeName().IsMatch(name))
            {
                throw new UserException($"the tool's folder {Folder} holds a file '{name}', which no tool of ours has. Name a folder or archive of ./publish.sh.");
            }

            files.Add(name);
        }
        files.Sort(StringComparer.Ordinal);
        return files.Contains(Program) ? files : throw new UserException($"{Source} holds no program '{Program}'. Name a folder or archive of ./publish.sh.");
    }

    // The machine of an ELF file, null for any other; notes the glibc that it asks for.
    private int? Inspect(string file)
    {
        byte[] bytes = File.ReadAllBytes(PathOf(file));
        if (bytes.Length < 64 || !bytes.AsSpan().StartsWith(s_elf))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = bytes;
        ReadOnlySpan<byte> prefix = "GLIBC_"u8;
        for (int at; (at = rest.IndexOf(prefix)) >= 0;)
        {
            rest = rest[(at + prefix.Length)..];
            int end = rest.IndexOf((byte)0);
            if (end is > 0 and < 12 && Version.TryParse(Encoding.ASCII.GetString(rest[..end]), out Version? version) && (Glibc is null || version > Glibc))
            {
                Glibc = version;
            }
        }
        return bytes[18] | (bytes[19] << 8);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*(/[A-Za-z0-9_+.][A-Za-z0-9_+.-]*)*$")]
    private static partial Regex SafeName();
}
