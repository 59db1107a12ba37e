using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

public sealed class DoctorTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void DescribesTheMachine()
    {
        JsonObject json = EdgeVitProcess.Run("doctor", "--json").Expect(0).Json;
        Assert.Equal(KernelSets.Name(KernelSets.Best), (string)json["device"]!["kernel_set"]!);
        Assert.NotEmpty(json["findings"]!.AsArray());
        Assert.Contains("processor", EdgeVitProcess.Run("doctor").Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void EverySensorHasAValueOrAReason()
    {
        JsonNode device = EdgeVitProcess.Run("doctor", "--json").Expect(0).Json["device"]!;
        JsonArray sensors = device["sensors"]!.AsArray();
        Assert.All(sensors, s => Assert.True(s!["value"] is null != (s["missing"] is null), s.ToJsonString()));
        Assert.Equal(["celsius", "mhz", "over_current_events", "throttle", "under_voltage", "watts"], sensors.Select(s => (string)s!["kind"]!).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(8 * IntPtr.Size, (int)device["user_land_bits"]!);
        Assert.Equal(device["temperatures"]!.AsArray().Count, sensors.Count(s => (string)s!["kind"]! == "celsius" && s["value"] is not null));
    }

#if TRAINING
    /// <summary>With every symbol resolved at once, so that none is found missing later.</summary>
    [Fact]
    public void SaysWhatItTrainsWith()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoTraining);
        JsonObject json = EdgeVitProcess.Run(["doctor", "--json"], null, ("LD_BIND_NOW", "1")).Expect(0).Json;
        Assert.True((bool)json["training"]!["works"]!, (string)json["training"]!["text"]!);
        Assert.StartsWith("libtorch 2.", (string)json["training"]!["text"]!, StringComparison.Ordinal);
        JsonObject wrong = EdgeVitProcess.Run(["doctor", "--json"], null, ("EDGEVIT_LIBTORCH", "nowhere")).Expect(0).Json;
        Assert.False((bool)wrong["training"]!["works"]!);
        Assert.Contains("EDGEVIT_LIBTORCH is 'nowhere', which holds no", (string)wrong["training"]!["text"]!, StringComparison.Ordinal);
    }
#endif

    [Fact]
    public void AModelGivesTheSameBitsWithEveryKernelSet()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.OtherKernels);
        JsonObject json = EdgeVitProcess.Run("doctor", model.Path, "--json").Expect(0).Json;
        Assert.True((bool)json["selftest"]!["passed"]!);
        Assert.Equal(KernelSets.Available.Count, json["selftest"]!["kernels"]!.AsArray().Count);
    }

    [Fact]
    public void OtherBitsAreAFailedCheck()
    {
        using var folder = new TestFolder();
        SafetensorsFile container = SafetensorsFile.Parse(model.Bytes);
        SelfTest stored = EvitFile.Parse(model.Bytes).SelfTest!;
        float[] logits = [.. stored.Logits];
        logits[1] = MathF.BitIncrement(logits[1]);
        var metadata = new Dictionary<string, string>(container.Metadata) { [MetadataJson.SelfTestKey] = MetadataJson.WriteSelfTest(stored with { Logits = logits }) };
        metadata[MetadataJson.ChecksumKey] = EvitChecksum.Of(metadata, container.Tensors.Values);
        string path = folder.File("other.evit", SafetensorsWriter.ToBytes(container.Tensors.Values, metadata));

        Outcome outcome = EdgeVitProcess.Run("doctor", path, "--json").Expect(3);
        Assert.False((bool)outcome.Json["selftest"]!["passed"]!);
        Assert.Contains("does not compute here", outcome.Error, StringComparison.Ordinal);
    }
}
