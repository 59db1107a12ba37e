using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Models of earlier versions: refused by what runs, written anew by <c>import</c>.</summary>
public sealed class FormerModelTests : IDisposable
{
    private static readonly BinaryViTConfig s_config = new BinaryViTConfig(
        "former", 16, 2, [new StageConfig(1, 32, 64, 1, 2), new StageConfig(1, 64, 128, 2, 1)], Classes: 4).Validate();

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void AModelOfAnEarlierVersionIsWrittenAnewAndProven(int version)
    {
        (byte[] former, EvitFile expected) = Former(version);
        string path = _folder.File("former.evit", former);
        EdgeVitProcess.Run("run", path, "x.png").Fails(1, $"edgevit.graph/{version}", "edgevit import old.evit --out new.evit");
        EdgeVitProcess.Run("bench", path).Fails(1, "edgevit import old.evit --out new.evit");

        Outcome outcome = EdgeVitProcess.Run("import", path, "--out", _folder["new.evit"], "--json", "--parity-images", "3").Expect(0);
        Assert.Equal(ModelGraph.CurrentVersion, (int)outcome.Json["version"]!);
        Assert.Equal(3, (int)outcome.Json["certificate"]!["images"]!["count"]!);
        Assert.Equal($"version {version} of the file, computed node by node", (string)outcome.Json["certificate"]!["reference"]!);
        EvitFile made = EvitFile.Read(_folder["new.evit"]);
        Assert.Equal(GraphJson.Write(expected.Graph), GraphJson.Write(made.Graph));
        Assert.Equal(expected.SelfTest!.Logits, made.SelfTest!.Logits);
        Assert.All(expected.Tensors, t => Assert.True(t.Value.Bytes.Span.SequenceEqual(made.Tensors[t.Key].Bytes.Span), t.Key));
        Assert.Equal("someone", (string)JsonNode.Parse(made.Provenance)!["madeBy"]!);
        Assert.Equal(64, ((string)JsonNode.Parse(made.Provenance)!["formerSha256"]!).Length);
        EdgeVitProcess.Run("doctor", _folder["new.evit"], "--json").Expect(0);
        Assert.Contains("floats stored as f32: as they were", EdgeVitProcess.Run("inspect", _folder["new.evit"]).Expect(0).Output, StringComparison.Ordinal);

        EdgeVitProcess.Run("import", _folder["new.evit"], "--out", _folder["third.evit"]).Fails(1, "a model of version 4, which runs as it is");
        EdgeVitProcess.Run("import", path, "--out", _folder["third.evit"], "--labels", _folder.File("x.txt", "ant"u8.ToArray())).Fails(2, "--labels is for checkpoints");
        former[^1] ^= 1;
        EdgeVitProcess.Run("import", _folder.File("damaged.evit", former), "--out", _folder["third.evit"]).Fails(1, "damaged.evit", "the file is damaged");
        Assert.False(File.Exists(_folder["third.evit"]));
    }

    [Fact]
    public void AModelOfTheFirstVersionIsWrittenAnewWithItsTiesNamed()
    {
        (byte[] former, EvitFile expected) = Former(version: 1, edit: selfTest => selfTest with { Logits = [.. selfTest.Logits.Select(v => v + 1e-6f)] });
        string path = _folder.File("former.evit", former);
        EdgeVitProcess.Run("run", path, "x.png").Fails(1, "edgevit.graph/1", "edgevit import old.evit --out new.evit");
        Outcome outcome = EdgeVitProcess.Run("import", path, "--out", _folder["new.evit"], "--json", "--parity-images", "3").Expect(0);
        Assert.Equal("version 1 of the file, computed node by node", (string)outcome.Json["certificate"]!["reference"]!);
        Assert.Equal(expected.SelfTest!.Logits, EvitFile.Read(_folder["new.evit"]).SelfTest!.Logits);
        EdgeVitProcess.Run("doctor", _folder["new.evit"], "--json").Expect(0);
    }

    [Fact]
    public void OneWhoseSelfTestIsNotItsOwnIsRefused()
    {
        (byte[] former, _) = Former(edit: selfTest => selfTest with { Logits = [.. selfTest.Logits.Select(v => v + 1e-6f)] });
        EdgeVitProcess.Run("import", _folder.File("former.evit", former), "--out", _folder["new.evit"]).Fails(1, "former.evit", "other logits than its stored self-test says");
        Assert.False(File.Exists(_folder["new.evit"]));
    }

    /// <summary>A file of an earlier version, with the self-test that it had: the lowered graph, or of version 3 the folded one; and the file that it
    /// becomes.</summary>
    internal static (byte[] Former, EvitFile Now) Former(int version = 2, Func<SelfTest, SelfTest>? edit = null)
    {
        const ulong Seed = 5;
        LoweredModel lowered = Lowering.Lower(s_config, RandomNetwork.Tensors(s_config, seed: 6));
        byte[] Bytes(LoweredModel model) => EvitWriter.ToBytes(model, RandomNetwork.Preprocess(s_config), RandomNetwork.Labels(s_config), """{"madeBy":"someone"}""", Seed);
        EvitFile now = EvitFile.Parse(Bytes(FoldedModel.Of(lowered).Model));
        LoweredModel ran = FoldedModel.AsRun(lowered).Model;
        var selfTest = new SelfTest(Seed, new GraphInterpreter(ran.Graph, ran.Tensors).Run(SelfTest.Input(Seed, ran.Graph.InputShape))[ran.Graph.OutputName].Floats);
        LoweredModel stored = version < ModelGraph.FoldedSince ? lowered : ran;
        SafetensorsFile container = SafetensorsFile.Parse(Bytes(stored with { Graph = stored.Graph with { Version = ModelGraph.CurrentVersion } }));
        var metadata = new Dictionary<string, string>(container.Metadata, StringComparer.Ordinal)
        {
            [MetadataJson.GraphKey] = GraphJson.Write(stored.Graph with { Version = version }),
            [MetadataJson.SelfTestKey] = MetadataJson.WriteSelfTest(edit?.Invoke(selfTest) ?? selfTest),
        };
        SafetensorsTensor[] tensors = [.. container.Tensors.Values];
        metadata[MetadataJson.ChecksumKey] = EvitChecksum.Of(metadata, tensors);
        return (SafetensorsWriter.ToBytes(tensors, metadata), now);
    }
}
