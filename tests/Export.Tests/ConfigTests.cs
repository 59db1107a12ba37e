namespace EdgeVit.Export.Tests;

public class ConfigTests
{
    [Fact]
    public void PaperPresetHasThePapersGridsAndKeys()
    {
        BinaryViTConfig config = BinaryViTPresets.Get("BinaryViT-Small");
        Assert.Equal([56, 28, 14, 7], Enumerable.Range(0, 4).Select(config.Grid));
        Assert.Equal([49, 49, 196, 49], Enumerable.Range(0, 4).Select(config.Keys));
        Assert.All(config.Stages, s => Assert.Equal(64, s.HeadSize));
        Assert.Equal([8, 8, 4, 4], config.Stages.Select(s => s.Expansion));
        Assert.Equal(19, config.Layers);
        Assert.Equal([0, 0, 0, 1, 1, 1, 1, 2], Enumerable.Range(0, 8).Select(config.StageOf));
        Assert.Equal(3, config.StageOf(18));
    }

    [Fact]
    public void EveryPresetIsValidAndFound()
    {
        Assert.Equal(
            ["binaryvit-small", "binaryvit-small-fp", "hybrid-224", "hybrid-lite", "hybrid-32", "hybrid-wide", "hybrid-nano", "binaryvit-32", "binaryvit-nano", "binary-deit", "binary-cait", "binary-pit", "binary-cvt", "binary-ceit", "binary-t2t", "binary-levit", "binary-swin",
                "binary-maxvit", "binary-mobilevit", "binary-fastvit", "binary-efficientformer"],
            BinaryViTPresets.Names);
        foreach (string name in BinaryViTPresets.Names)
        {
            Assert.Equal(name, BinaryViTPresets.Get(name).Validate().Name);
        }

        Assert.Equal(DownKind.Float, BinaryViTPresets.Get("binaryvit-small-fp").Down);
    }

    [Theory]
    [InlineData("binaryvit32", "binaryvit-32")]
    [InlineData("nano", "hybrid-nano")]
    [InlineData("binary-nano", "binaryvit-nano")]
    [InlineData("binaryvit-smal", "binaryvit-small")]
    public void AnUnknownPresetNamesTheNearest(string asked, string nearest)
    {
        var e = Assert.Throws<ModelFormatException>(() => BinaryViTPresets.Get(asked));
        Assert.Contains($"'{asked}'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"Did you mean '{nearest}'?", e.Message, StringComparison.Ordinal);
        Assert.Contains("binaryvit-small-fp", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonRoundTripGivesAnEqualNetwork()
    {
        foreach (BinaryViTConfig config in BinaryViTPresets.All)
        {
            BinaryViTConfig back = ConfigJson.Read(ConfigJson.Write(config));
            Assert.Equal(config, back);
            Assert.Equal(config.GetHashCode(), back.GetHashCode());
            Assert.NotEqual(config, config.With(classes: 7));
        }
    }

    [Theory]
    [InlineData("\"classes\": 10", "\"clases\": 10", "clases")]
    [InlineData("\"width\": 64", "\"wide\": 64", "wide")]
    [InlineData("\"classes\": 10", "\"classes\": \"ten\"", "classes")]
    [InlineData("\"heads\": 1", "\"heads\": 3", "3 heads")]
    [InlineData("\"stages\": [", "\"stages\": [null,", "stage 1")]
    public void JsonRefusesWhatItDoesNotKnow(string part, string replacement, string complaint)
    {
        string json = ConfigJson.Write(BinaryViTPresets.Get("binaryvit-nano"));
        Assert.Contains(part, json, StringComparison.Ordinal);
        var e = Assert.Throws<ModelFormatException>(() => ConfigJson.Read(json.Replace(part, replacement, StringComparison.Ordinal)));
        Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStagesMixerIsAKeyThatUsualStagesDoNotHave()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        string usual = ConfigJson.Write(nano);
        Assert.DoesNotContain("mixer", usual, StringComparison.Ordinal);
        Assert.DoesNotContain("dilation", usual, StringComparison.Ordinal);

        BinaryViTConfig conv = nano with { Stages = [nano.Stages[0] with { Mixer = MixerKind.Conv3, Dilation = 2 }, .. nano.Stages.Skip(1)] };
        string json = ConfigJson.Write(conv);
        Assert.Contains("\"mixer\": \"conv3\"", json, StringComparison.Ordinal);
        Assert.Equal(conv, ConfigJson.Read(json));
        Assert.NotEqual(nano, conv);

        // Heads and a reduction, which it has not, need not be said; an attention's must be.
        string Stage(string keys) => usual.Replace(usual[usual.IndexOf('[', StringComparison.Ordinal)..(usual.IndexOf('}', StringComparison.Ordinal) + 1)], $"[ {{ {keys} }}", StringComparison.Ordinal);
        const string Sizes = "\"depth\": 1, \"width\": 64, \"ffnWidth\": 128";
        Assert.Equal(conv, ConfigJson.Read(Stage(Sizes + ", \"mixer\": \"conv3\", \"dilation\": 2")));
        Assert.Equal(nano, ConfigJson.Read(Stage(Sizes + ", \"heads\": 1, \"reduction\": 1, \"mixer\": \"attention\"")));
        Assert.Contains("heads", Assert.Throws<ModelFormatException>(() => ConfigJson.Read(Stage(Sizes))).Message, StringComparison.Ordinal);
        foreach ((string keys, string complaint) in (ReadOnlySpan<(string, string)>)
            [("\"mixer\": \"conv\"", "mixer is 'conv', expected attention, conv3, depthwise or pool, or 2 to 64 of them that take turns, such as conv3+attention"), ("\"mixer\": 3", "expected attention, conv3"), ("\"mixer\": \"conv3\", \"heads\": 2", "has no heads"), ("\"mixing\": \"conv3\"", "mixing"),
            ("\"mixer\": \"conv3+\"", "mixer is 'conv3+'"), ("\"mixer\": \"pool+attention\"", "heads"), ("\"mixer\": \"depthwise\", \"kernel\": 4", "kernel 4 of stage 1, 3, 5 or 7"), ("\"mixer\": \"pool\", \"kernel\": 5", "choose the mixer depthwise"),
            ("\"mixer\": \"pool\", \"projection\": \"depthwise\"", "projection depthwise of stage 1"), ("\"mixer\": \"pool\", \"projection\": \"conv\"", "projection is 'conv', expected linear or depthwise"),
            ("\"heads\": 1, \"reduction\": 4, \"projection\": \"depthwise\"", "1 and 2 are possible"), ("\"mixer\": \"pool\", \"ffn\": \"wide\"", "ffn is 'wide', expected plain or local"),
            ("\"mixer\": \"pool\", \"gate\": \"channel\"", "gate channel of stage 1, but its mixer pool has no convolution"), ("\"mixer\": \"conv3\", \"gate\": \"token\"", "gate is 'token', expected none or channel"),
            ("\"mixer\": \"conv3\", \"gate\": true", "expected none or channel"),
            ("\"mixer\": \"pool\", \"ffn\": 1", "expected plain or local"), ("\"mixer\": \"pool\", \"projection\": 1", "expected linear or depthwise")])
        {
            Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => ConfigJson.Read(Stage($"{Sizes}, {keys}"))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MixersTakeTurns()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        StageConfig stage = nano.Stages[0] with { Depth = 7, Mixer = MixerCycle.Parse("conv3+attention+attention")!.Value, WindowSide = 4, Pattern = WindowPattern.BlockGrid, Bias = BiasKind.Relative };
        BinaryViTConfig config = (nano with { Stages = [stage, nano.Stages[1]], ClassAttention = 1 }).Validate();
        Assert.Equal(config, ConfigJson.Read(ConfigJson.Write(config)));
        Assert.Contains("\"mixer\": \"conv3\\u002Battention\\u002Battention\"", ConfigJson.Write(config), StringComparison.Ordinal);
        Assert.Equal("CAACAACAA", string.Concat(Enumerable.Range(0, config.Layers).Select(l => config.MixerAt(l).ToString()[0])));
        // Blocks and grids by turns of those that attend; those that do not have neither windows nor a bias.
        Assert.Equal([null, false, true, null, false, true, null, null, null], Enumerable.Range(0, config.Layers).Select(l => config.WindowAt(l)?.IsGrid));
        Assert.Equal([false, true, true, false, true, true, false, false, false], Enumerable.Range(0, config.Layers).Select(l => config.BiasAt(l) is not null));
        Assert.Equal(MixerKind.Attention, config.MixerAt(BinaryViTConfig.NoLayer));

        // A turn is as short as it can be, and attention alone is what is not said.
        Assert.Equal(MixerCycle.Parse("pool+conv3"), MixerCycle.Parse("pool+conv3+pool+conv3"));
        Assert.Equal(default, MixerCycle.Parse("attention+attention")!.Value);
        Assert.NotEqual(MixerCycle.Parse("pool+conv3"), MixerCycle.Parse("conv3+pool"));
        Assert.Equal([MixerKind.Pool, MixerKind.Pool, MixerKind.Conv3], MixerCycle.Parse("pool+pool+conv3")!.Value.Kinds);
        Assert.Null(MixerCycle.Parse(null));
        Assert.Contains("depthwise convolution has a batch norm", Assert.Throws<ModelFormatException>(() => (nano with { LayerNorm = true, Stages = [stage with { Ffn = FfnKind.Local }] }).Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("take classAttention for classToken", Assert.Throws<ModelFormatException>(() => (nano with { ClassToken = true, Stages = [nano.Stages[0] with { Projection = ProjectionKind.Depthwise }] }).Validate()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"poolBranches\": true", BranchKind.Pool)]
    [InlineData("\"poolBranches\": false", BranchKind.None)]
    [InlineData("\"branches\": \"shift\"", BranchKind.Shift)]
    [InlineData("\"branches\": \"none\", \"binaryDownsampling\": false", BranchKind.None, DownKind.Float)]
    [InlineData("\"branches\": \"none\", \"binaryDownsampling\": true", BranchKind.None)]
    internal void EarlierDescriptionsAreRead(string key, BranchKind branches, DownKind down = DownKind.Binary)
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        string json = ConfigJson.Write(nano).Replace("\"branches\": \"pool\"", key, StringComparison.Ordinal);
        json = key.Contains("Downsampling", StringComparison.Ordinal) ? json.Replace("\"down\": \"binary\",", "", StringComparison.Ordinal) : json;
        Assert.Contains(key, json, StringComparison.Ordinal);
        Assert.Equal(nano with { Branches = branches, Down = down }, ConfigJson.Read(json));
    }

    [Theory]
    [InlineData("\"poolBranches\": 1", "poolBranches is 1, expected true or false")]
    [InlineData("\"branches\": \"pools\"", "branches is 'pools', expected pool, shift or none")]
    [InlineData("\"branches\": 2", "expected pool, shift or none")]
    [InlineData("\"branches\": \"pool\", \"poolBranches\": true", "both given")]
    [InlineData("\"branches\": \"pool\", \"branches\": \"pool\"", "branches")]
    [InlineData("\"branches\": \"pool\", \"binaryDownsampling\": true", "both given")]
    public void BranchesThatAreNoneAreRefused(string key, string complaint)
    {
        string json = ConfigJson.Write(BinaryViTPresets.Get("binaryvit-nano")).Replace("\"branches\": \"pool\"", key, StringComparison.Ordinal);
        Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => ConfigJson.Read(json)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public void JsonThatIsNoNetworkIsRefused(string json) => Assert.Throws<ModelFormatException>(() => ConfigJson.Read(json));

    [Fact]
    public void ImpossibleNetworksAreRefusedWithEveryReason()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        StageConfig first = nano.Stages[0];
        StageConfig second = nano.Stages[1];
        (BinaryViTConfig Config, string[] Words)[] cases =
        [
            (nano with { ImageSize = 30 }, ["30 pixels", "patches of 4"]),
            (nano with { ImageSize = 36 }, ["9x9 grid", "halved", "multiple of 16"]),
            (nano with { ClassAttention = 17 }, ["17 layers of class attention"]),
            (nano with { ClassAttention = 1, ClassToken = true }, ["one of them is possible"]),
            (nano with { Classes = 1, Channels = 0 }, ["1 classes", "0 image channels"]),
            (nano with { BatchNormEps = 0 }, ["eps 0"]),
            (nano with { Stages = [] }, ["no stages"]),
            (nano with { Stages = [first with { Heads = 3 }, second] }, ["64 channels of stage 1", "3 heads"]),
            (nano with { Stages = [first with { FfnWidth = 100 }, second] }, ["FFN width 100 of stage 1"]),
            (nano with { Stages = [first with { Reduction = 3 }, second] }, ["8x8 grid of stage 1", "reduction 3"]),
            (nano with { Stages = [first with { Mixer = MixerKind.Conv3, Reduction = 2, Dilation = 9 }, second] }, ["reduction 2 of stage 1", "mixer conv3 has no heads", "dilation 9 of stage 1, 1 to 8"]),
            (nano with { Stages = [first with { Dilation = 1 }, second] }, ["dilation 1 of stage 1", "choose the mixer conv3"]),
            (nano with { Stages = [first, second with { Mixer = MixerKind.Conv3, Heads = 1 }], ClassAttention = 1 }, ["classAttention 1", "mixer is conv3"]),
            (nano with { Stages = [first with { Mixer = MixerKind.Conv3 }], ClassToken = true }, ["class token needs the mixer attention"]),
            (nano with { Down = DownKind.Attention, Stages = [first, second with { Mixer = MixerKind.Conv3, Heads = 1 }] }, ["down attention", "mixer conv3: choose another down"]),
            (nano with { Down = DownKind.Attention, Stages = [first, second with { Width = 192, FfnWidth = 192, Heads = 3 }] }, ["down attention, whose shortcut is the tokens twice"]),
            (nano with { StemWidth = 4, Stem = [new StemLayer(3, 1, 4)] }, ["stemWidth 4", "leave one of the two keys out"]),
            (nano with { Stem = [new StemLayer(4, 5, 0), new StemLayer(3, 1, 8, Depthwise: true)] }, ["kernel 4 of stem layer 1", "stride 5 of stem layer 1, 1 to 4", "width 0 of stem layer 1, 1 to 4096", "width 8 of stem layer 2"]),
            (nano with { Stem = [new StemLayer(3, 2, Depthwise: true)] }, ["depthwise of stem layer 1, which sees the image"]),
            (nano with { Stem = [new StemLayer(3, 3, 8)] }, ["divide by the stem's strides and patches of 4, 12 pixels together"]),
            (nano with { Stages = [first with { Depth = 0 }, second with { Width = 192, FfnWidth = 192 }] }, ["0 blocks", "stage 2 has 192", "128"]),
        ];
        foreach ((BinaryViTConfig config, string[] words) in cases)
        {
            var e = Assert.Throws<ModelFormatException>(config.Validate);
            Assert.All(words, w => Assert.Contains(w, e.Message, StringComparison.Ordinal));
        }
        Assert.Throws<ModelFormatException>(() => nano.With(imageSize: 33));
        Assert.Equal(24, nano.With(classes: 24, imageSize: 64).Classes);
    }

    [Fact]
    public void TemperaturesStartAtOneAndStayBetweenZeroAndTheirBound()
    {
        Assert.Equal(2, AttentionTemperature.Most(64));
        foreach (int size in (int[])[1, 5, 16, 32, 64, 96, 130, 160, 256])
        {
            Assert.Equal(1, AttentionTemperature.Of(AttentionTemperature.Start(size), size), 1e-12);
            Assert.InRange(AttentionTemperature.Of(-30, size), 1e-14, 1e-10);
            Assert.InRange(AttentionTemperature.Of(30, size), 1.2, AttentionTemperature.Most(size));
            if (size <= 160)
            {
                Assert.True(Math.ScaleB(Math.Exp(-AttentionTemperature.Most(size) * Math.Sqrt(size)), 46) > 1 << 22);
            }
        }
        BinaryViTConfig config = BinaryViTPresets.Get("binaryvit-32") with { Locality = true };
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(config.MasksDiagonal));
        Assert.Equal(config, ConfigJson.Read(ConfigJson.Write(config)));
        Assert.NotEqual(config, config with { Locality = false });
    }

    /// <summary>A token alone in a window that a shift has cut, and kept from attending to itself, would have no key: the certificate's softmax of nothing.</summary>
    [Theory]
    [InlineData(2, 1, 2, true)]
    [InlineData(4, 1, 2, true)]
    [InlineData(4, 3, 2, true)]
    [InlineData(4, 2, 2, false)]
    [InlineData(4, 1, 1, false)]
    [InlineData(4, 0, 2, false)]
    public void LocalityLeavesEveryTokenAKey(int window, int shift, int depth, bool refused)
    {
        var config = new BinaryViTConfig("alone", ImageSize: 32, PatchSize: 4, [new StageConfig(depth, 32, 64, 1, 1) { WindowSide = window, Shift = shift }], Classes: 10, Locality: true);
        var query = new EdgeVit.Runtime.ValueShape(EdgeVit.Runtime.ValueKind.Tokens, 32, 8, 8);
        bool alone = Enumerable.Range(0, depth).Any(block => config.Stages[0].WindowOf(block) is { } form
            && new AttentionKeys(form, query, 64) is var keys && Enumerable.Range(0, 64).Any(q => keys.Of(q).All(k => k == q)));
        Assert.Equal(refused, alone);
        _ = (config with { Locality = false }).Validate();
        if (refused)
        {
            Assert.Contains($"stage 1 has window {window} and shift {shift}, which leave a token", Assert.Throws<ModelFormatException>(config.Validate).Message, StringComparison.Ordinal);
        }
        else
        {
            config.Validate();
        }
    }
}
