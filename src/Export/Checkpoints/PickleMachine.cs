using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace EdgeVit.Export;

/// <summary>Reads one pickle as data. It is a parser of the pickle opcodes, not an interpreter of what they could do: the only "calls" are those of
/// <see cref="PickleGlobals"/>, which make plain records. Protocols 2 to 5.</summary>
/// <remarks>Nothing here recurses, and everything that grows is charged to the file's budget, so that depth, sharing and repetition in a hostile
/// file cost at most what its length allows.</remarks>
internal sealed partial class PickleMachine(ByteCursor cursor, MemoryBudget budget, ForeignObjects foreign)
{
    private const int ObjectBytes = 64;
    private const int SlotBytes = 32;
    private const int MaxIntegerBytes = 256;
    private const int MaxNameBytes = 512;
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly PickleStack _stack = new(cursor, budget);
    private readonly List<object?> _memo = [];
    private readonly PickleCalls _calls = new(cursor, budget);
    private long _opcodeAt;

    public IReadOnlyDictionary<string, PickleStorage> Storages => _calls.Storages;

    /// <summary>Reads up to and with the end of the pickle; the cursor stands behind it.</summary>
    /// <exception cref="CheckpointException">It is not a pickle, is damaged, or mentions something that is not on the list.</exception>
    public object? Read()
    {
        while (true)
        {
            _opcodeAt = cursor.Position;
            byte opcode = cursor.Byte();
            if (opcode == (byte)'.')
            {
                object? result = _stack.Pop();
                return _stack.IsEmpty ? result : throw Fault("ends with values left over");
            }
            if (!s_opcodes.TryGetValue(opcode, out Action<PickleMachine>? run))
            {
                throw Fault($"has the opcode 0x{opcode:x2}{Printable(opcode)}, which is not one of a checkpoint's");
            }

            run(this);
        }
    }

    private static string Printable(byte opcode) => opcode is > 32 and < 127 ? $" '{(char)opcode}'" : "";

    private void ReadProtocol()
    {
        byte protocol = cursor.Byte();
        if (protocol is < 2 or > 5)
        {
            throw Fault($"is of pickle protocol {protocol}, expected 2 to 5");
        }
    }

    private void PushDouble()
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        cursor.Bytes(bytes);
        PushNew(BinaryPrimitives.ReadDoubleBigEndian(bytes));
    }

    private void PushList(object?[] items)
    {
        PushNew(new PickleList());
        AddItems(items);
    }

    private void PushDict(object?[] items)
    {
        PushNew(new PickleDict());
        SetItems(items);
    }

    private void PushNamedGlobal() => _stack.Push(
        _stack.Pop(2) is [string module, string name] ? Global(module, name) : throw Fault("names a global by something that is no text"));

    private void Call()
    {
        object? arguments = _stack.Pop();
        Call(_stack.Pop(), arguments);
    }

    private void Call(object? callee, object? arguments) => PushNew(_calls.Call(callee, arguments, _opcodeAt));

    private void CallWithKeywords()
    {
        object?[] parts = _stack.Pop(3);
        Call(parts[0], parts[1]);
    }

    // The state of a dict is an attribute such as _metadata; that of the opaque ones is not looked into.
    private void DropState()
    {
        _stack.Pop();
        if (_stack.Peek() is not (PickleDict or PickleList or PickleOpaque or PickleTensor))
        {
            throw Fault("sets the state of something that has none");
        }
    }

    private CheckpointException Fault(string why) => cursor.FaultAt(_opcodeAt, $"{why}. The file is damaged, or not saved by torch.save");

    private PickleGlobal Global(string module, string name)
    {
        if (module.Length > MaxNameBytes || name.Length > MaxNameBytes)
        {
            throw Fault($"has a name of more than {MaxNameBytes} letters");
        }

        if (PickleGlobals.Find($"{module}.{name}") is { } known)
        {
            return known;
        }

        CheckpointException refusal = cursor.FaultAt(_opcodeAt,
            $"mentions '{module}.{name}', which is none of the types that a tensor checkpoint needs. It was not executed. "
            + "If you trust the file, load it where it was made and save the weights alone: torch.save(model.state_dict(), path)");
        if (ForeignObjects.IsHarmful(module))
        {
            throw refusal;
        }

        budget.Charge(ObjectBytes + (2L * (module.Length + name.Length)), cursor.What);
        foreign.Add($"{module}.{name}", refusal);
        return new PickleGlobal($"{module}.{name}", GlobalKind.Foreign);
    }

    private string Line()
    {
        Span<byte> bytes = stackalloc byte[MaxNameBytes];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = cursor.Byte();
            if (bytes[i] == '\n')
            {
                return Decode(bytes[..i]);
            }
        }
        throw Fault($"has a name of more than {MaxNameBytes} bytes");
    }

    private void PushNew(object? value)
    {
        budget.Charge(ObjectBytes, cursor.What);
        _stack.Push(value);
    }

    private void PushTuple(object?[] items)
    {
        budget.Charge(SlotBytes + (8L * items.Length), cursor.What);
        PushNew(new PickleTuple(items));
    }

    private void PushString(long length) => PushNew(Decode(Bytes(length, charged: 3 * length)));

    private void PushInteger(int length)
    {
        if (length is < 0 or > MaxIntegerBytes)
        {
            throw Fault($"has an integer of {length} bytes, expected at most {MaxIntegerBytes}");
        }

        var value = new BigInteger(Bytes(length));
        PushNew(value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value);
    }

    private byte[] Bytes(long length) => Bytes(length, charged: length);

    private byte[] Bytes(long length, long charged)
    {
        if (length < 0 || length > cursor.Remaining)
        {
            throw Fault($"has a text of {length} bytes where {cursor.Remaining} are left");
        }

        budget.Charge(charged, cursor.What);
        if (length > Array.MaxLength)
        {
            throw Fault($"has a text of {length} bytes");
        }

        var bytes = new byte[length];
        cursor.Bytes(bytes);
        return bytes;
    }

    private string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Fault("has a text that is not UTF-8");
        }
    }

    private void AddItems(object?[] items)
    {
        if (_stack.Peek() is PickleOpaque)
        {
            return;
        }

        if (_stack.Peek() is not PickleList list)
        {
            throw Fault("appends to something that is no list");
        }

        budget.Charge(SlotBytes + ((long)SlotBytes * items.Length), cursor.What);
        list.Items.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (_stack.Peek() is PickleOpaque)
        {
            return;
        }

        if (_stack.Peek() is not PickleDict dict)
        {
            throw Fault("sets an item of something that is no dict");
        }

        if (items.Length % 2 != 0)
        {
            throw Fault("sets a key without a value");
        }

        budget.Charge(SlotBytes + ((long)SlotBytes * items.Length), cursor.What);
        for (int i = 0; i < items.Length; i += 2)
        {
            dict.Items.Add(new(items[i], items[i + 1]));
        }
    }

    private void Put(long index)
    {
        // Every pickler counts from 0, so a larger index can only be there to make the memo grow.
        if (index > _memo.Count)
        {
            throw Fault($"puts memo {index} where the next is {_memo.Count}");
        }

        if (index == _memo.Count)
        {
            budget.Charge(SlotBytes, cursor.What);
            _memo.Add(null);
        }
        _memo[(int)index] = _stack.Peek();
    }

    private object? Get(long index) => index < _memo.Count ? _memo[(int)index] : throw Fault($"gets memo {index} where there are {_memo.Count}");
}
