using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

public class EvitFileTests
{
    private static readonly Stage[] s_stages = [new(1, 24, 48, 1, 2), new(1, 48, 96, 2, 1)];

    [Fact]
    public void AModelReadsBackAndPassesItsSelfTest()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(1, 16, 2, s_stages, 5);
        float[] logits = Models.Logits(graph, b.Tensors, SelfTest.Input(7, graph.InputShape));
        EvitFile file = EvitFile.Parse(EvitBytes.Model(graph, b.Tensors, new SelfTest(7, logits)));

        Assert.Equal(GraphJson.Write(FoldedModel.Of(new LoweredModel(graph, b.Tensors)).Model.Graph), GraphJson.Write(file.Graph));
        Assert.Equal(5, file.Labels.Count);
        Assert.Equal(64, file.Sha256.Length);
        using EvitModel model = EvitModel.Load(file);
        SelfTestResult result = model.RunSelfTest();
        Assert.True(result.Present);
        Assert.True(result.Passed);
    }

    [Fact]
    public void HalfFloatsAreWidened()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(2, 16, 2, s_stages, 5);
        var halved = new Dictionary<string, StoredTensor>(b.Tensors);
        var rounded = new Dictionary<string, StoredTensor>(b.Tensors);
        foreach (GraphNode node in graph.Nodes.Where(n => n.Op is Op.Affine or Op.Position))
        {
            foreach (string name in node.Tensors.Values)
            {
                StoredTensor tensor = b.Tensors[name];
                Half[] halves = [.. TensorData.Floats(tensor).Select(v => (Half)v)];
                halved[name] = tensor with { Type = StoredType.F16, Bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes<Half>(halves).ToArray() };
                rounded[name] = TensorData.Of(name, [.. halves.Select(v => (float)v)], [.. tensor.Shape]);
            }
        }

        float[] input = SelfTest.Input(7, graph.InputShape);
        using EvitModel model = EvitModel.Load(EvitFile.Parse(EvitBytes.Model(graph, halved)));
        using Session session = model.CreateSession();
        var logits = new float[5];
        session.RunNchw(input, logits);
        Models.AssertSameBits(Models.Logits(graph, rounded, input), logits, "F16");
    }

    [Fact]
    public void MetadataReadsBack()
    {
        var preprocess = new Preprocess(224, 200, 256, Interpolation.Bicubic, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.1f]);
        Preprocess read = MetadataJson.ReadPreprocess(MetadataJson.WritePreprocess(preprocess));
        Assert.Equal(preprocess with { Mean = [], Std = [] }, read with { Mean = [], Std = [] });
        Assert.Equal(preprocess.Mean, read.Mean);
        Assert.Equal(preprocess.Std, read.Std);

        string[] labels = ["cat", "\"dog\"", "Straße", "犬\n"];
        Assert.Equal(labels, MetadataJson.ReadLabels(MetadataJson.WriteLabels(labels)));

        var random = new Random(1);
        float[] logits = [.. Enumerable.Range(0, 1000).Select(_ => BitConverter.Int32BitsToSingle(random.Next())).Where(float.IsFinite), -0f, float.Epsilon, float.MaxValue];
        SelfTest test = MetadataJson.ReadSelfTest(MetadataJson.WriteSelfTest(new SelfTest(ulong.MaxValue, logits)));
        Assert.Equal(ulong.MaxValue, test.Seed);
        Models.AssertSameBits(logits, test.Logits, "self-test");
    }

    [Theory]
    [InlineData("{\"height\":8,\"width\":8,\"resize\":4,\"interpolation\":\"bicubic\",\"mean\":[0,0,0],\"std\":[1,1,1]}", "resize is 4")]
    [InlineData("{\"height\":8,\"width\":8,\"resize\":8,\"interpolation\":\"lanczos\",\"mean\":[0,0,0],\"std\":[1,1,1]}", "lanczos")]
    [InlineData("{\"height\":8,\"width\":8,\"resize\":8,\"interpolation\":\"bicubic\",\"mean\":[0,0,0],\"std\":[1,0,1]}", "std")]
    [InlineData("{\"height\":8,\"width\":8,\"resize\":8,\"interpolation\":\"bicubic\",\"mean\":[0,0,1e99],\"std\":[1,1,1]}", "finite")]
    [InlineData("{\"height\":8}", "missing")]
    public void WrongPreprocessingIsExplained(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<EvitFormatException>(() => MetadataJson.ReadPreprocess(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void SafetensorsTypesBecomeFloats()
    {
        const string Header = "{\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[4,12]},\"c\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[12,14]}}";
        SafetensorsFile file = SafetensorsFile.Parse(EvitBytes.File(Header, [0x80, 0x3F, 0x20, 0xC1, .. BitConverter.GetBytes(2.5), 0xFF, 0x7F]));
        Assert.Equal([1f, -10f], file.Tensors["a"].ToFloats());
        Assert.Equal([2.5f], file.Tensors["b"].ToFloats());
        Assert.Equal([-1f, 127f], file.Tensors["c"].ToFloats());
    }

    [Fact]
    public void ASelfTestWithOtherBitsFails()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(1, 16, 2, s_stages, 5);
        float[] logits = Models.Logits(graph, b.Tensors, SelfTest.Input(7, graph.InputShape));
        logits[3] = MathF.BitIncrement(logits[3]);
        using EvitModel model = EvitModel.Load(EvitFile.Parse(EvitBytes.Model(graph, b.Tensors, new SelfTest(7, logits))));
        Assert.False(model.RunSelfTest().Passed);
    }

    [Fact]
    public void TheDigestIsSha256()
    {
        var random = new Random(1);
        for (int length = 0; length < 300; length++)
        {
            var data = new byte[length];
            random.NextBytes(data);
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(data)), Sha256.Hex(data));
        }
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => EvitFile.Read("/nowhere/model.evit"));
        Assert.Contains("/nowhere/model.evit", e.Message, StringComparison.Ordinal);
    }
}
