using EdgeVit.Export;
using EdgeVit.Export.Onnx;

namespace EdgeVit.Runtime.Tests;

/// <summary>An op has a row in every table of ops, and the random graphs have every op.</summary>
public class OpTests
{
    [Fact]
    public void EveryOpHasItsRows()
    {
        Assert.All(Enum.GetValues<Op>(), op =>
        {
            Assert.Equal(op, Ops.Of(op).Op);
            Assert.True(ReferenceOps.Has(op), $"{op} has no row in ReferenceOps");
            Assert.True(OnnxOps.Has(op), $"{op} has no row in OnnxOps");
        });
        Assert.Contains("op 99 is unknown", Assert.Throws<EvitFormatException>(() => Ops.Of((Op)99)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomGraphsHaveEveryOp()
    {
        HashSet<Op> found = [.. Enumerable.Range(0, 200).SelectMany(seed => RandomGraphs.Build(seed).Graph.Nodes.Concat(RandomGraphs.BuildFolded(seed).Graph.Nodes)).Select(n => n.Op)];
        Assert.Empty(Enum.GetValues<Op>().Except(found));
    }
}
