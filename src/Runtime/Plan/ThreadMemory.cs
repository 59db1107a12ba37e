namespace EdgeVit.Runtime;

/// <summary>What a thread runs a step with.</summary>
/// <param name="arena">The session's values.</param>
/// <param name="scratch">The thread's own memory.</param>
/// <param name="input">The image, normalised.</param>
internal readonly unsafe struct ThreadMemory(byte* arena, byte* scratch, float* input)
{
    internal byte* Arena { get; } = arena;

    internal byte* Scratch { get; } = scratch;

    internal float* Input { get; } = input;
}
