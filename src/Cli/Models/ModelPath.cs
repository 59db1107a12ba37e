using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Finds and opens the model that a command line names.</summary>
internal static class ModelPath
{
    public const string InRunFolder = "model.evit";

    /// <summary>The model file: a run folder stands for the model in it.</summary>
    /// <exception cref="UserException">There is no such file.</exception>
    public static string Resolve(string path)
    {
        if (File.Exists(path))
        {
            return path;
        }

        if (path.Length == 0)
        {
            throw new UserException("the model's name is empty, expected a model file or a run folder.", ExitCode.Usage);
        }

        if (Directory.Exists(path))
        {
            string inside = Path.Combine(path, InRunFolder);
            return File.Exists(inside) ? inside : throw new UserException(
                $"{path} is a folder without {InRunFolder}. Name a model file, or a run folder whose conversion has finished.");
        }
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        string? near = Directory.Exists(folder) ? Nearest.To(Path.GetFileName(path), Directory.EnumerateFiles(folder, "*.evit").Select(f => Path.GetFileName(f)!)) : null;
        throw new UserException($"{path}: no such file.{(near is null ? "" : $" Did you mean '{Path.Combine(Path.GetDirectoryName(path) ?? "", near)}'?")}");
    }

    public static EvitFile Read(string path) => EvitFile.Read(Resolve(path));

    public static EvitModel Open(string path) => EvitModel.Open(Resolve(path));
}
