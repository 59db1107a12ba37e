using System.Collections.Frozen;

namespace EdgeVit.Export;

/// <content>The opcodes that checkpoints have, but for the one that ends a pickle. Source: CPython's <c>Lib/pickletools.py</c>.</content>
internal sealed partial class PickleMachine
{
    private static readonly FrozenDictionary<byte, Action<PickleMachine>> s_opcodes = new Dictionary<byte, Action<PickleMachine>>
    {
        // The header, and the length of a frame, which nothing needs.
        [0x80] = m => m.ReadProtocol(),
        [0x95] = m => m.Cursor.Int64(),

        // Constants and numbers.
        [(byte)'N'] = m => m._stack.Push(null),
        [0x88] = m => m._stack.Push(true),
        [0x89] = m => m._stack.Push(false),
        [(byte)'K'] = m => m.PushNew((long)m.Cursor.Byte()),
        [(byte)'M'] = m => m.PushNew((long)m.Cursor.UInt16()),
        [(byte)'J'] = m => m.PushNew((long)m.Cursor.Int32()),
        [0x8a] = m => m.PushInteger(m.Cursor.Byte()),
        [0x8b] = m => m.PushInteger(m.Cursor.Int32()),
        [(byte)'G'] = m => m.PushDouble(),

        // Texts and bytes.
        [(byte)'X'] = m => m.PushString((uint)m.Cursor.Int32()),
        [0x8c] = m => m.PushString(m.Cursor.Byte()),
        [(byte)'U'] = m => m.PushString(m.Cursor.Byte()),
        [(byte)'T'] = m => m.PushString((uint)m.Cursor.Int32()),
        [0x8d] = m => m.PushString(m.Cursor.Int64()),
        [(byte)'C'] = m => m.PushNew(m.Bytes(m.Cursor.Byte())),
        [(byte)'B'] = m => m.PushNew(m.Bytes((uint)m.Cursor.Int32())),
        [0x8e] = m => m.PushNew(m.Bytes(m.Cursor.Int64())),
        [0x96] = m => m.PushNew(m.Bytes(m.Cursor.Int64())),

        // The stack.
        [(byte)'('] = m => m._stack.Mark(),
        [(byte)'0'] = m => m._stack.Discard(),
        [(byte)'1'] = m => m._stack.PopToMark(),
        [(byte)'2'] = m => m._stack.Push(m._stack.Peek()),

        // Tuples.
        [(byte)')'] = m => m.PushNew(new PickleTuple([])),
        [(byte)'t'] = m => m.PushTuple(m._stack.PopToMark()),
        [0x85] = m => m.PushTuple([m._stack.Pop()]),
        [0x86] = m => m.PushTuple(m._stack.Pop(2)),
        [0x87] = m => m.PushTuple(m._stack.Pop(3)),

        // Lists and sets.
        [(byte)']'] = m => m.PushNew(new PickleList()),
        [0x8f] = m => m.PushNew(new PickleList()),
        [(byte)'l'] = m => m.PushList(m._stack.PopToMark()),
        [0x91] = m => m.PushList(m._stack.PopToMark()),
        [(byte)'a'] = m => m.AddItems([m._stack.Pop()]),
        [(byte)'e'] = m => m.AddItems(m._stack.PopToMark()),
        [0x90] = m => m.AddItems(m._stack.PopToMark()),

        // Dicts.
        [(byte)'}'] = m => m.PushNew(new PickleDict()),
        [(byte)'d'] = m => m.PushDict(m._stack.PopToMark()),
        [(byte)'s'] = m => m.SetItems(m._stack.Pop(2)),
        [(byte)'u'] = m => m.SetItems(m._stack.PopToMark()),

        // The memo.
        [(byte)'q'] = m => m.Put(m.Cursor.Byte()),
        [(byte)'r'] = m => m.Put((uint)m.Cursor.Int32()),
        [0x94] = m => m.Put(m._memo.Count),
        [(byte)'h'] = m => m._stack.Push(m.Get(m.Cursor.Byte())),
        [(byte)'j'] = m => m._stack.Push(m.Get((uint)m.Cursor.Int32())),

        // Globals, calls and storages.
        [(byte)'c'] = m => m._stack.Push(m.Global(m.Line(), m.Line())),
        [0x93] = m => m.PushNamedGlobal(),
        [(byte)'R'] = m => m.Call(),
        [0x81] = m => m.Call(),
        [0x92] = m => m.CallWithKeywords(),
        [(byte)'b'] = m => m.DropState(),
        [(byte)'Q'] = m => m.PushNew(m._calls.PersistentStorage(m._stack.Pop(), m._opcodeAt)),
    }.ToFrozenDictionary();

    private ByteCursor Cursor => cursor;
}
