namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>What training scripts save beside the weights: passed over by name, nothing executed.</summary>
public class ForeignObjectTests
{
    private const byte Call = (byte)'R', Build = (byte)'b';

    [Fact]
    public void ObjectsBesideTheWeightsArePassedOver()
    {
        var p = new PickleWriter();
        p.Start().Dict(
            ("state_dict", () => Weights(p)),
            // A NumPy array: made by a function, filled by its state.
            ("ema", () => p.Global("numpy.core.multiarray", "_reconstruct").Op('(').Global("numpy", "ndarray").Ints([0]).Op('C').Op(1, (byte)'b').Op('t').Op(Call).Ints([1, 2]).Op(Build)),
            // Settings that are a kind of dict, with items and state.
            ("hyper_parameters", () => p.Global("omegaconf.dictconfig", "DictConfig").Op(')').Op(0x81).Text("lr").Int(3).Op('s').Op('}').Op(Build)),
            ("callbacks", () => p.Global("lightning.pytorch.callbacks", "ModelCheckpoint").Op(')').Op(0x81).Op('(').Int(1).Int(2).Op('e')),
            ("history", () => p.Global("collections", "defaultdict").Global("__builtin__", "list").Op(0x85).Op(Call).Text("loss").Op(']').Op('s')),
            ("scheduler", () => p.Global("functools", "partial").Global("torch.optim.lr_scheduler", "LambdaLR").Op(0x85).Op(Call))).Stop();
        Checkpoint found = TempFile.Open(TorchWriter.Zip(p.ToArray(), [("0", BitConverter.GetBytes(1.5f))]));
        Assert.Equal([1.5f], found.Tensors["a"].Data);
        Assert.Equal("state_dict", found.Key);
        string note = Assert.Single(found.Notes);
        Assert.Contains("without executing anything: numpy.core.multiarray._reconstruct, numpy.ndarray, omegaconf.dictconfig.DictConfig", note, StringComparison.Ordinal);
    }

    [Fact]
    public void ElementTypesThatAreNotReadAreNamedAndLeftOut()
    {
        var p = new PickleWriter();
        p.Start().Op('}').Op('(').Text("a").Tensor("FloatStorage", "0", 1, 0, [1], [1]);
        p.Text("complex").Tensor("ComplexFloatStorage", "1", 1, 0, [1], [1]);
        p.Text("quarter").Global("torch._utils", "_rebuild_tensor_v3").Op('(').Storage("UntypedStorage", "2", 8, module: "torch.storage").Int(0).Ints([1]).Ints([1]).Op(0x89).EmptyDictCall()
            .Global("torch", "float8_e4m3fn").Op('t').Op(Call);
        p.Text("quantised").Global("torch._utils", "_rebuild_qtensor").Op(')').Op(Call).Op('u').Stop();
        Checkpoint found = TempFile.Open(TorchWriter.Zip(p.ToArray(), [("0", BitConverter.GetBytes(2f))]));
        Assert.Equal(["a"], found.Tensors.Keys);
        string all = string.Join('\n', found.Notes);
        Assert.All((string[])["complex (a tensor of torch.ComplexFloatStorage)", "quarter (a tensor of torch.float8_e4m3fn)", "quantised (torch._utils._rebuild_qtensor)"], part => Assert.Contains(part, all, StringComparison.Ordinal));
    }

    /// <summary>A tensor of another library's class may keep its numbers in its state; one of torch's own with attributes is read.</summary>
    [Theory]
    [InlineData("torchao.dtypes", "AffineQuantizedTensor", false)]
    [InlineData("torch.distributed.tensor", "DTensor", false)]
    [InlineData("mylib", "Tensor", false)]
    [InlineData("torch", "Tensor", true)]
    [InlineData("torch.nn.parameter", "Parameter", true)]
    [InlineData("torch.nn.parameter", "Buffer", true)]
    public void TensorsOfOtherClassesAreNamedAndLeftOut(string module, string name, bool read)
    {
        var p = new PickleWriter();
        p.Start().Op('}').Op('(').Text("a").Tensor("FloatStorage", "0", 1, 0, [1], [1]);
        p.Text("b").Global("torch._tensor", "_rebuild_from_type_v2").Op('(').Global("torch._utils", "_rebuild_tensor_v2").Global(module, name).Op('(').Storage("FloatStorage", "0", 1).Int(0).Ints([1]).Ints([1])
            .Op(0x89).EmptyDictCall().Op('t').Dict(("scale", () => p.Int(2))).Op('t').Op(Call).Op('u').Stop();
        Checkpoint found = TempFile.Open(TorchWriter.Zip(p.ToArray(), [("0", BitConverter.GetBytes(2f))]));
        Assert.Equal(read ? ["a", "b"] : ["a"], found.Tensors.Keys.Order());
        Assert.Equal(!read, found.Notes.Any(n => n.Contains($"b (a tensor of {module}.{name})", StringComparison.Ordinal)));
    }

    [Fact]
    public void SafetensorsOfOtherTypesAreLeftOutAndTheRestIsRead()
    {
        string json = """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[4,8]},"c":{"dtype":"F4","shape":[4],"data_offsets":[8,10]}}""";
        byte[] file = [.. BitConverter.GetBytes((long)json.Length), .. System.Text.Encoding.ASCII.GetBytes(json), .. BitConverter.GetBytes(3f), .. new byte[6]];
        Checkpoint found = TempFile.Open(file);
        Assert.Equal(3f, Assert.Single(found.Tensors).Value.Data[0]);
        Assert.Contains("b (F8_E4M3), c (F4)", Assert.Single(found.Notes), StringComparison.Ordinal);
        Assert.Contains("truncated or damaged", Assert.Throws<CheckpointException>(() => TempFile.Open([.. file, 0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OfSeveralSetsItIsSaidWhichIsTaken()
    {
        var p = new PickleWriter();
        p.Start().Dict(
            ("model", () => Weights(p)), ("model_ema", () => Weights(p, "1")), ("optimizer", () => Weights(p)), ("epoch", () => p.Int(3)),
            ("discriminator", () => p.Dict(("state_dict", () => Weights(p, "1"))))).Stop();
        byte[] file = TorchWriter.Zip(p.ToArray(), [("0", BitConverter.GetBytes(1f)), ("1", BitConverter.GetBytes(2f))]);
        Checkpoint found = TempFile.Open(file);
        Assert.Equal([1f], found.Tensors["a"].Data);
        Assert.Equal("there are 3 sets of weights: taken is 'model'; also there: --key model_ema, --key discriminator", Assert.Single(found.Notes));
        Assert.Equal([2f], TempFile.Open(file, "model_ema").Tensors["a"].Data);
        Assert.Equal([2f], TempFile.Open(file, "discriminator").Tensors["a"].Data);
        Assert.Equal([2f], TempFile.Open(file, "discriminator.state_dict").Tensors["a"].Data);
        Assert.Empty(TempFile.Open(file, "model_ema").Notes);
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "exec")]
    [InlineData("importlib", "import_module")]
    [InlineData("torch.hub", "load")]
    [InlineData("os.path", "join")]
    public void WhatOnlyAProgramNeedsIsRefusedEvenBesideWeights(string module, string name)
    {
        var p = new PickleWriter();
        p.Start().Dict(("model", () => Weights(p)), ("extra", () => p.Global(module, name).Op('(').Text("x").Op('t').Op(Call))).Stop();
        string message = Assert.Throws<CheckpointException>(() => TempFile.Open(TorchWriter.Zip(p.ToArray(), [("0", new byte[4])]))).Message;
        Assert.Contains($"'{module}.{name}'", message, StringComparison.Ordinal);
        Assert.Contains("not executed", message, StringComparison.Ordinal);
    }

    private static void Weights(PickleWriter p, string storage = "0") => p.Dict(("a", () => p.Tensor("FloatStorage", storage, 1, 0, [1], [1])));
}
