namespace EdgeVit.Cli;

/// <summary>ONNX Runtime for a board, out of the package cache of this machine.</summary>
internal static class OnnxRuntimeFile
{
    /// <summary>The file's name, as the tool looks for it beside itself.</summary>
    public const string Name = "libonnxruntime.so";

    private const string Package = "microsoft.ml.onnxruntime";

    /// <summary>The library's path, of the newest version that is there.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public static string Find(string rid) => Find(Cache(), rid);

    /// <summary>As <see cref="Find(string)"/>, in this cache.</summary>
    internal static string Find(string cache, string rid)
    {
        string folder = Path.Combine(cache, Package);
        string? library = (Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
            .Select(version => (Number: Version.TryParse(Path.GetFileName(version), out Version? v) ? v : new Version(0, 0), Path: Path.Combine(version, "runtimes", rid, "native", Name)))
            .Where(f => File.Exists(f.Path)).OrderByDescending(f => f.Number).Select(f => f.Path).FirstOrDefault();
        return library ?? throw new UserException(
            $"--against needs ONNX Runtime for {rid}, and there is no {Name} of it in {folder}. In the source tree ./setup.sh fetches it.");
    }

    private static string Cache() => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
        ? named : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
