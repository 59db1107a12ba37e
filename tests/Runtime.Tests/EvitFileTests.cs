namespace EdgeVit.Runtime.Tests;

public class EvitFileTests
{
    private static readonly Stage[] s_stages = [new(1, 24, 48, 1, 2), new(1, 48, 96, 2, 1)];

    [Fact]
    public void AModelReadsBackAndPassesItsSelfTest()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(1, 16, 2, s_stages, 5);
        float[] logits = new GraphInterpreter(graph, b.Tensors).Run(SelfTest.Input(7, graph.InputShape))[graph.OutputName].Floats;
        EvitFile file = EvitFile.Parse(EvitBytes.Model(graph, b.Tensors, new SelfTest(7, logits)));

        Assert.Equal(GraphJson.Write(graph), GraphJson.Write(file.Graph));
        Assert.Equal(5, file.Labels.Count);
        Assert.Equal(64, file.Sha256.Length);
        using EvitModel model = EvitModel.Load(file);
        SelfTestResult result = model.RunSelfTest();
        Assert.True(result.Present);
        Assert.True(result.Passed);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => EvitFile.Read("/nowhere/model.evit"));
        Assert.Contains("/nowhere/model.evit", e.Message, StringComparison.Ordinal);
    }
}
