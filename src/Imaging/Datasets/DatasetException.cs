using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>A data set that cannot be used. The message says where, what was expected, what was found and what to do, for the person who
/// gave the path.</summary>
public sealed class DatasetException : Exception
{
    /// <summary>A data set and what is wrong with it.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="problem">What is wrong, what was expected and what to do, without the path.</param>
    /// <param name="inner">The error underneath, if there is one.</param>
    public DatasetException(string path, string problem, Exception? inner = null) : base(OneLine.Of($"{path}: {problem}"), inner) => Path = path;

    /// <summary>Whether it is for the person who gave the path to say more, so that a program ends as it does for a wrong option.</summary>
    public bool IsUsage { get; init; }

    /// <summary>The folder or file.</summary>
    public string Path { get; }
}
