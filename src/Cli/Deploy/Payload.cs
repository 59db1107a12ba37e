using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What a version on the board consists of: the tool's files and the model, under names of ours, with their hashes.</summary>
internal sealed class Payload
{
    /// <summary>The model's name on the board, whatever its name here.</summary>
    public const string Model = "model.evit";

    /// <summary>The file with the hashes, as sha256sum reads it.</summary>
    public const string Sums = "SHA256SUMS";

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Startable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly List<(string Name, string Path, bool Program, string? Link)> _files = [];

    /// <summary>Reads and hashes everything.</summary>
    public Payload(ToolPackage tool, string model)
    {
        foreach (string file in tool.Files)
        {
            string path = tool.PathOf(file);
            _files.Add((file, path, tool.IsProgram(file), new FileInfo(path).LinkTarget is { } link && !Path.IsPathRooted(link) ? link : null));
        }
        _files.RemoveAll(f => f.Name is Model or Sums);
        _files.Add((Model, model, false, null));
        SumsText = string.Concat(_files.Where(f => f.Link is null).Select(f => $"{Hash(f.Path)}  {f.Name}\n"));
        string links = string.Concat(_files.Where(f => f.Link is not null).Select(f => $"{f.Link}  {f.Name}\n"));
        Version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SumsText + links)))[..16];
        Bytes = _files.Where(f => f.Link is null).Sum(f => new FileInfo(f.Path).Length);
        ModelSha256 = Hash(model);
    }

    /// <summary>Names the version: the hash of all hashes.</summary>
    public string Version { get; }

    /// <summary>The text of <see cref="Sums"/>.</summary>
    public string SumsText { get; }

    public string ModelSha256 { get; }

    /// <summary>Bytes of all files.</summary>
    public long Bytes { get; }

    /// <summary>Writes an archive (tar, gzip): the payload under <c>payload/</c> where it is wanted, what the proof needs under <c>proof/</c>, and
    /// other files beside the tool.</summary>
    public void Write(Stream output, bool withPayload, IEnumerable<(string Name, byte[] Bytes)> proof, IEnumerable<(string Name, string Path)> beside, Action<long> progress)
    {
        long sent = 0;
        using var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
        using var tar = new TarWriter(gzip, TarEntryFormat.Ustar, leaveOpen: true);
        if (withPayload)
        {
            // The small files first, so that the connection is not silent while a large one is read.
            tar.WriteEntry(Entry($"payload/{Sums}", new MemoryStream(Encoding.ASCII.GetBytes(SumsText)), false));
            foreach (string folder in _files.Where(f => f.Name.Contains('/', StringComparison.Ordinal)).Select(f => f.Name[..f.Name.LastIndexOf('/')]).Distinct())
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, $"payload/{folder}/") { Mode = Startable });
            }

            foreach ((string name, string path, bool program, string? link) in _files)
            {
                if (link is not null)
                {
                    tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, $"payload/{name}") { LinkName = link });
                    continue;
                }

                using FileStream file = File.OpenRead(path);
                tar.WriteEntry(Entry($"payload/{name}", file, program));
                progress(sent += file.Length);
            }
        }

        foreach ((string name, string path) in beside)
        {
            using FileStream file = File.OpenRead(path);
            tar.WriteEntry(Entry($"payload/{name}", file, false));
            progress(sent += file.Length);
        }

        foreach ((string name, byte[] bytes) in proof)
        {
            tar.WriteEntry(Entry($"proof/{name}", new MemoryStream(bytes), false));
        }
    }

    private static UstarTarEntry Entry(string name, Stream data, bool program) =>
        new(TarEntryType.RegularFile, name) { DataStream = data, Mode = program ? Startable : Readable, ModificationTime = DateTimeOffset.UnixEpoch };

    private static string Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return FileDigest.Sha256(file);
    }
}
