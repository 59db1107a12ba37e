namespace EdgeVit.Export;

/// <summary>The stack of a pickle with its marks. Nothing is taken from below the topmost mark.</summary>
internal sealed class PickleStack(ByteCursor cursor, MemoryBudget budget)
{
    private const int SlotBytes = 32;
    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];
    private int _highest;

    public bool IsEmpty => _values.Count == 0 && _marks.Count == 0;

    private int Floor => _marks.Count == 0 ? 0 : _marks[^1];

    public void Push(object? value)
    {
        _values.Add(value);
        if (_values.Count > _highest)
        {
            budget.Charge(SlotBytes, cursor.What);
            _highest = _values.Count;
        }
    }

    public object? Peek() => _values.Count > Floor ? _values[^1] : throw Fault("takes a value where there is none");

    public object? Pop()
    {
        object? value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    /// <summary>The topmost values, the lowest first.</summary>
    public object?[] Pop(int count)
    {
        if (_values.Count - Floor < count)
        {
            throw Fault($"takes {count} values where there are {_values.Count - Floor}");
        }

        object?[] values = [.. _values[^count..]];
        _values.RemoveRange(_values.Count - count, count);
        return values;
    }

    public void Mark()
    {
        budget.Charge(SlotBytes, cursor.What);
        _marks.Add(_values.Count);
    }

    /// <summary>The values above the topmost mark, which goes too.</summary>
    public object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Fault("looks for a mark where there is none");
        }

        object?[] values = Pop(_values.Count - Floor);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    /// <summary>Drops the topmost value, or the mark where that is on top, as CPython does.</summary>
    public void Discard()
    {
        if (_marks.Count > 0 && _marks[^1] == _values.Count)
        {
            _marks.RemoveAt(_marks.Count - 1);
        }
        else
        {
            Pop();
        }
    }

    private CheckpointException Fault(string why) => cursor.Fault($"{why}. The file is damaged, or not saved by torch.save");
}
