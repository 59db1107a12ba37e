namespace EdgeVit.Quantize;

/// <summary>How a task's batches are divided among copies of its network. The outcome depends on the number of parts alone, not on that of
/// threads.</summary>
/// <param name="Parts">Parts of a batch; norms see each apart.</param>
/// <param name="Threads">Parts worked on at a time. Each part is one thread's: libtorch's own threads wait for one another inside every operation,
/// spinning, which costs far more than it gains as soon as another program has one of the cores.</param>
/// <param name="Copy">Makes another task of the same kind, with a network of its own on the same device.</param>
internal sealed record Division(int Parts, int Threads, Func<ITrainingTask> Copy);
