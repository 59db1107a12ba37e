using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Finds and opens the model that a command line names.</summary>
internal static class ModelPath
{
    public const string InRunFolder = "model.evit";

    /// <summary>The model file: a run folder stands for the model in it.</summary>
    /// <exception cref="UserException">There is no such file, or it is of another kind.</exception>
    public static string Resolve(string path)
    {
        if (File.Exists(path))
        {
            return ModelFileKinds.Of(path) is var kind && kind is ModelFileKind.Model or ModelFileKind.Unknown ? path
                : throw new UserException(ModelFileKinds.Describe(path, kind, "a model file"), ExitCode.Usage);
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

    /// <summary>Refuses a pipe or a device where a file is read in any order, or more than once.</summary>
    /// <exception cref="UserException">It is one.</exception>
    public static void RefusePipe(string path)
    {
        if (File.Exists(path) && !RegularFile.Is(path))
        {
            throw new UserException($"{path} is a pipe or a device, and is not read from its beginning to its end. Save it in a file, and name that.", ExitCode.Usage);
        }
    }

    /// <summary>Refuses networks where something else is expected: whoever names one has mixed up verbs or arguments.</summary>
    /// <exception cref="UserException">A file holds a network.</exception>
    public static void RefuseNetworks(IEnumerable<string> files, string expected)
    {
        foreach (string file in files.Where(File.Exists))
        {
            if (ModelFileKinds.Of(file) is var kind and (ModelFileKind.Model or ModelFileKind.Onnx or ModelFileKind.PyTorch or ModelFileKind.TorchScript or ModelFileKind.Safetensors
                or ModelFileKind.Index or ModelFileKind.OtherNetwork))
            {
                throw new UserException(ModelFileKinds.Describe(file, kind, expected), ExitCode.Usage);
            }
        }
    }

    public static EvitFile Read(string path) => EvitFile.Read(Resolve(path));

    public static EvitModel Open(string path) => EvitModel.Open(Resolve(path));
}
