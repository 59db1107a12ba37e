namespace EdgeVit.Runtime;

/// <summary>A list of values that grows. The framework's list of a value type of ours would have to be compiled when a process starts; this
/// one is compiled ahead of time with the runtime.</summary>
internal sealed class ValueList<T>
    where T : struct
{
    private T[] _items = new T[16];

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

    internal T[] ToArray()
    {
        var result = new T[Count];
        Array.Copy(_items, result, Count);
        return result;
    }

    public ReadOnlySpan<T>.Enumerator GetEnumerator() => new ReadOnlySpan<T>(_items, 0, Count).GetEnumerator();
}
