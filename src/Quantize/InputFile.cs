using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Files that a conversion opens more than once: to see what they are, before the data are read, and to take what is in them.</summary>
internal static class InputFile
{
    /// <summary>Refuses pipes and devices, without waiting for them.</summary>
    /// <param name="option">The option that names the file.</param>
    /// <param name="path">It must be there.</param>
    /// <exception cref="ConvertException">It is no file.</exception>
    internal static void RequireRegular(string option, string path)
    {
        if (!RegularFile.Is(path))
        {
            throw new ConvertException($"{option} {path}: it is a pipe or a device, and is read more than once. Save it in a file and name that.", ConvertException.Usage);
        }
    }
}
