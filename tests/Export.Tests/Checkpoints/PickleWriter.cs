using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Writes pickles opcode by opcode, as torch.save's pickler does (protocol 2), and whatever else a test wants to see refused.</summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _out = new();

    public byte[] ToArray() => _out.ToArray();

    public PickleWriter Op(params byte[] bytes)
    {
        _out.Write(bytes);
        return this;
    }

    public PickleWriter Op(char opcode) => Op((byte)opcode);

    public PickleWriter Start() => Op(0x80, 2);

    public PickleWriter Stop() => Op('.');

    public PickleWriter Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Op('X').UInt32((uint)bytes.Length);
        return Op(bytes);
    }

    public PickleWriter Int(long value)
    {
        if (value is >= 0 and < 256)
        {
            return Op((byte)'K', (byte)value);
        }

        if (value is >= int.MinValue and <= int.MaxValue)
        {
            return Op('J').UInt32((uint)value);
        }

        byte[] bytes = new BigInteger(value).ToByteArray();
        return Op(0x8a, (byte)bytes.Length).Op(bytes);
    }

    public PickleWriter Global(string module, string name) => Op('c').Op(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter Ints(IEnumerable<long> values)
    {
        Op('(');
        foreach (long value in values)
        {
            Int(value);
        }

        return Op('t');
    }

    public PickleWriter EmptyDictCall() => Global("collections", "OrderedDict").Op(')').Op('R');

    /// <summary>A dict from keys to whatever the actions write.</summary>
    public PickleWriter Dict(params (string Key, Action Value)[] items)
    {
        Op('}').Op('(');
        foreach ((string key, Action value) in items)
        {
            Text(key);
            value();
        }
        return Op('u');
    }

    public PickleWriter Storage(string type, string key, long count, string device = "cpu", string module = "torch")
    {
        Op('(').Text("storage").Global(module, type).Text(key).Text(device);
        return Int(count).Op('t').Op('Q');
    }

    /// <summary>A tensor by <c>_rebuild_tensor_v2</c>.</summary>
    public PickleWriter Tensor(string type, string key, long count, long offset, long[] shape, long[] strides, string device = "cpu")
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(type, key, count, device).Int(offset);
        return Ints(shape).Ints(strides).Op(0x89).EmptyDictCall().Op('t').Op('R');
    }

    /// <summary>A 1-byte opcode with a 32-bit operand.</summary>
    public PickleWriter UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _out.Write(bytes);
        return this;
    }
}
