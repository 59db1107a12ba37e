using System.Runtime.InteropServices;
using EdgeVit.Export.Onnx;
using EdgeVit.Export.Onnx.Wire;

namespace EdgeVit.Export.Tests;

public sealed class OnnxGraphTests
{
    [Fact]
    public void AGraphReadsBackAsItWasBuilt()
    {
        var graph = new OnnxGraph("linear", opset: 17);
        graph.Import("com.microsoft", 1);
        string x = graph.Input("x", OnnxType.Float, -1, 3);
        string w = graph.Constant("w", (float[])[1, 2, 3, 4, 5, 6], 3, 2);
        string product = graph.Node("MatMul", [x, w]);
        string zero = graph.Scalar("zero", (sbyte)-7);
        graph.Named("com.microsoft.Odd", "y", [product, "", zero], ("axis", -1), ("pads", (long[])[1, 2]), ("alpha", 0.5f), ("scales", (float[])[2, 4]), ("mode", "nearest"));
        graph.Output("y", OnnxType.Float, -1, 2);

        ModelProto model = ModelProto.Parser.ParseFrom(graph.ToBytes("a test", new Dictionary<string, string> { ["key"] = "value" }));
        Assert.Equal(8, model.IrVersion);
        Assert.Equal([("", 17L), ("com.microsoft", 1L)], model.OpsetImport.Select(o => (o.Domain, o.Version)));
        Assert.Equal(("a test", "key", "value"), (model.DocString, model.MetadataProps[0].Key, model.MetadataProps[0].Value));
        Assert.Equal(("batch", 3L), (model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam, model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue));
        Assert.Equal("y", model.Graph.Output.Single().Name);
        Assert.Equal([1f, 2, 3, 4, 5, 6], MemoryMarshal.Cast<byte, float>(model.Graph.Initializer[0].RawData.Span).ToArray());
        Assert.Equal([3L, 2], model.Graph.Initializer[0].Dims);
        Assert.Equal(((int)TensorProto.Types.DataType.Int8, 0, (byte)0xF9), (model.Graph.Initializer[1].DataType, model.Graph.Initializer[1].Dims.Count, model.Graph.Initializer[1].RawData[0]));
        Assert.Equal(["MatMul_0", "y"], model.Graph.Node.Select(n => n.Name));

        NodeProto odd = model.Graph.Node[1];
        Assert.Equal(("Odd", "com.microsoft"), (odd.OpType, odd.Domain));
        Assert.Equal(["MatMul_0", "", "zero"], odd.Input);
        Assert.Equal((-1L, AttributeProto.Types.AttributeType.Int), (odd.Attribute[0].I, odd.Attribute[0].Type));
        Assert.Equal([1L, 2L], odd.Attribute[1].Ints);
        Assert.Equal(0.5f, odd.Attribute[2].F);
        Assert.Equal([2f, 4f], odd.Attribute[3].Floats);
        Assert.Equal("nearest", odd.Attribute[4].S.ToStringUtf8());
    }

    /// <summary>Bytes on the wire, by the standard's field numbers: a reader of the standard must find them.</summary>
    [Fact]
    public void TheBytesAreThoseOfTheStandard()
    {
        var graph = new OnnxGraph("g", opset: 13);
        string x = graph.Input("x", OnnxType.Float, 3);
        graph.Output(graph.Named("Add", "y", [x, x]), OnnxType.Float, 3);

        static byte[] Message(int field, byte[] body) => [(byte)((field << 3) | 2), (byte)body.Length, .. body];
        static byte[] Text(int field, string text) => Message(field, System.Text.Encoding.ASCII.GetBytes(text));
        static byte[] Number(int field, byte value) => [(byte)(field << 3), value];
        byte[] Value(string name) =>
            [.. Text(1, name), .. Message(2, Message(1, [.. Number(1, 1), .. Message(2, Message(1, Number(1, 3)))]))];
        byte[] node = [.. Text(1, "x"), .. Text(1, "x"), .. Text(2, "y"), .. Text(3, "y"), .. Text(4, "Add")];
        byte[] body = [.. Message(1, node), .. Text(2, "g"), .. Message(11, Value("x")), .. Message(12, Value("y"))];
        Assert.Equal([.. Number(1, 7), .. Text(2, "EdgeVit"), .. Message(7, body), .. Message(8, Number(2, 13))], graph.ToBytes());
    }

    /// <summary>A zero is a value: readers that look for the attribute must find it.</summary>
    [Fact]
    public void AttributesThatAreZeroAreWritten()
    {
        var graph = new OnnxGraph("g");
        string x = graph.Input("x", OnnxType.Float, 3);
        graph.Named("Odd", "y", [x], ("axis", 0L), ("alpha", 0f), ("mode", ""));
        byte[] bytes = graph.ToBytes();
        NodeProto node = ModelProto.Parser.ParseFrom(bytes).Graph.Node.Single();
        Assert.True(node.Attribute[0].HasI && node.Attribute[1].HasF && node.Attribute[2].HasS);
        // By the standard's numbers: name, the integer 0 in field 3, the type 2 in field 20.
        byte[] zero = [.. "\u000A\u0004axis"u8, 3 << 3, 0, 0xA0, 1, 2];
        Assert.True(bytes.AsSpan().IndexOf(zero) > 0);
    }

    /// <summary>Each version of the operators goes with the version of the file format that came with it: older readers know no newer one.</summary>
    [Theory]
    [InlineData(13, 7)]
    [InlineData(15, 8)]
    [InlineData(17, 8)]
    [InlineData(19, 9)]
    [InlineData(21, 10)]
    [InlineData(23, 11)]
    public void TheFormatIsAsOldAsTheOperators(int opset, int version)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(new OnnxGraph("g", opset).ToBytes());
        Assert.Equal((version, opset), (model.IrVersion, model.OpsetImport.Single().Version));
    }

    [Fact]
    public void UnknownInputsSecondWritesAndWrongSizesAreRefused()
    {
        var graph = new OnnxGraph("g");
        string x = graph.Input("x", OnnxType.Float, 1);
        Assert.Throws<ArgumentException>(() => graph.Node("Add", [x, "nothing"]));
        Assert.Throws<ArgumentException>(() => graph.Input("x", OnnxType.Float, 1));
        Assert.Throws<ArgumentException>(() => graph.Named("Add", "x", [x, x]));
        Assert.Throws<ArgumentException>(() => graph.Constant("w", (float[])[1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => graph.Constant("h", (decimal[])[1], 1));
        Assert.Throws<ArgumentException>(() => graph.Node("com.microsoft.Gelu", [x]));
        Assert.Throws<ArgumentException>(() => graph.Output("y", OnnxType.Float, 1));
    }
}
