namespace EdgeVit.Runtime;

/// <summary>A list of values that grows. The framework's list of a value type of ours would have to be compiled when a process starts; this
/// one is compiled ahead of time with the runtime.</summary>
internal sealed class ValueList<T>(int capacity = 16)
    where T : struct
{
    private T[] _items = new T[capacity];

    internal int Count { get; private set; }

    internal ref T this[int index] => ref _items[index];

    internal void Add(T item)
    {
        if (Count == _items.Length)
        {
            var larger = new T[2 * Count];
            Array.Copy(_items, larger, Count);
            _items = larger;
        }

        _items[Count++] = item;
    }

    internal void AddRange(ReadOnlySpan<T> items)
    {
        foreach (T item in items)
        {
            Add(item);
        }
    }

    internal void Clear() => Count = 0;

    internal ReadOnlySpan<T> AsSpan() => new(_items, 0, Count);

    public ReadOnlySpan<T>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();
}
