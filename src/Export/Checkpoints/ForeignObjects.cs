namespace EdgeVit.Export;

/// <summary>Objects of other programs that a pickle mentions: arrays, settings, callbacks. What they are is not known here, nothing of them is executed, and what is
/// made of them stays an empty mark. Weights do not need them; a file whose weights are made by them is refused.</summary>
internal sealed class ForeignObjects
{
    private const int MostNamed = 6;
    private const int Most = 64;

    private readonly List<string> _names = [];
    private CheckpointException? _first;

    /// <summary>Whose functions run programs, open files or load code: a file that mentions them is made to harm.</summary>
    private static readonly string[] s_harmful =
        ["os", "posix", "nt", "subprocess", "sys", "pty", "runpy", "socket", "shutil", "importlib", "ctypes", "code", "codeop", "commands", "webbrowser", "pickle", "_pickle",
         "marshal", "pdb", "timeit", "pip", "builtins", "__builtin__", "torch.storage", "torch.hub", "torch.jit", "torch.package", "torch.serialization", "torch.utils.cpp_extension",
         "urllib", "requests", "types"];

    /// <summary>Whether a module is one that nothing beside weights has a reason to mention.</summary>
    internal static bool IsHarmful(string module) => s_harmful.Any(h => module == h || (module.StartsWith(h, StringComparison.Ordinal) && module[h.Length] == '.'));

    /// <summary>Remembers a mention, and what to say of it where the file cannot do without.</summary>
    internal void Add(string name, CheckpointException refusal)
    {
        _first ??= refusal;
        if (_names.Count < Most && !_names.Contains(name))
        {
            _names.Add(name);
        }
    }

    /// <summary>Why a file has no weights: the objects that it has instead, or another reason where there are none.</summary>
    internal CheckpointException Refusal(string otherwise) => _first is null ? new CheckpointException(otherwise) : new CheckpointException($"{_first.Message} It {otherwise}");

    /// <summary>What was passed over, as a sentence; nothing where there was nothing.</summary>
    internal IReadOnlyList<string> Notes() => _names.Count == 0 ? []
        : [$"objects beside the weights were left out, without executing anything: {string.Join(", ", _names.Take(MostNamed))}{(_names.Count > MostNamed ? ", ..." : "")}"];
}
