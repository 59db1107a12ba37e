using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>Recognises failures for lack of memory.</summary>
internal static class OutOfMemory
{
    private static readonly string[] s_phrases = ["out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory"];

    /// <summary>Whether memory ran out: libtorch's allocators say so in words only.</summary>
    internal static bool Is(Exception e) =>
        e is OutOfMemoryException || (e is ExternalException && s_phrases.Any(p => e.Message.Contains(p, StringComparison.OrdinalIgnoreCase)));
}
