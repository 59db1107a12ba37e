using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>The keys of a layout that say which keys a query meets: window, pattern, shift, bias.</summary>
public class StageAttentionTests
{
    private static BinaryViTConfig Nano { get; } = BinaryViTPresets.Get("binaryvit-nano");

    [Fact]
    public void ALayoutWithoutWindowsIsWrittenAsBefore()
    {
        foreach (string name in (string[])["binaryvit-small", "binaryvit-32", "binaryvit-nano"])
        {
            string json = ConfigJson.Write(BinaryViTPresets.Get(name));
            Assert.All((string[])["window", "pattern", "shift\"", "bias", "zeroPoint"], key => Assert.DoesNotContain(key, json, StringComparison.OrdinalIgnoreCase));
            Assert.Contains("\"reduction\": 1\n", json, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryKeyIsWrittenAndRead()
    {
        StageConfig stage = Nano.Stages[0];
        foreach (StageConfig changed in (StageConfig[])[
            stage with { WindowSide = 4, Shift = 2 }, stage with { WindowSide = 2, Pattern = WindowPattern.BlockGrid, Bias = BiasKind.Relative },
            stage with { WindowSide = 4, Pattern = WindowPattern.BlockAll }, stage with { WindowSide = 8, Pattern = WindowPattern.Grid, Bias = BiasKind.Distance }])
        {
            BinaryViTConfig config = Nano with { Stages = [changed, .. Nano.Stages.Skip(1)] };
            Assert.Equal(config, ConfigJson.Read(ConfigJson.Write(config)));
            Assert.NotEqual(Nano, config);
        }

        BinaryViTConfig zero = Nano with { AttentionLevels = 3, ZeroPoint = true };
        Assert.Equal(zero, ConfigJson.Read(ConfigJson.Write(zero)));
        Assert.NotEqual(zero, zero with { ZeroPoint = false });
        Assert.True(((BinaryViTConfig)NetworkRecogniser.Recognise(RandomNetwork.Tensors(zero, 1)).Config).ZeroPoint);
        string json = ConfigJson.Write(Nano with { Stages = [stage with { WindowSide = 4, Pattern = WindowPattern.BlockGrid, Bias = BiasKind.Distance }] });
        Assert.All((string[])["\"window\": 4", "\"pattern\": \"block\\u002Bgrid\"", "\"bias\": \"distance\""], part => Assert.Contains(part, json, StringComparison.Ordinal));
        Assert.Equal(WindowPattern.BlockGrid, ConfigJson.Read(json.Replace("\\u002B", "+", StringComparison.Ordinal)).Stages[0].Pattern);
    }

    [Theory]
    [InlineData("\"window\": 3", "stage 1 has window 3, which does not divide its 8x8 grid: 0 (none) or 1, 2, 4, 8 are possible; change window, imageSize or patchSize")]
    [InlineData("\"window\": -4", "stage 1 has window -4")]
    [InlineData("\"window\": \"4\"", "window")]
    [InlineData("\"windows\": 4", "windows")]
    [InlineData("\"window\": 4, \"shift\": 4", "stage 1 has shift 4, 0 (none) to 3, less than its window, are possible")]
    [InlineData("\"window\": 4, \"shift\": -1", "stage 1 has shift -1, 0 (none) to 3")]
    [InlineData("\"window\": 8, \"shift\": 2", "stage 1 has shift 2, but its one window 8 is the whole grid: leave shift out")]
    [InlineData("\"shift\": 2", "stage 1 has shift 2 but no window: give window, or leave shift out")]
    [InlineData("\"pattern\": \"grid\"", "stage 1 has pattern grid but no window: give window, or leave pattern out")]
    [InlineData("\"window\": 4, \"pattern\": \"grids\"", "pattern is 'grids', expected block, grid, block+grid or block+all")]
    [InlineData("\"window\": 4, \"pattern\": 1", "expected block, grid, block+grid or block+all")]
    [InlineData("\"window\": 4, \"pattern\": \"grid\", \"shift\": 1", "stage 1 has shift 1 and pattern grid: a shift moves the blocks of every second layer, so pattern must be block, or shift be left out")]
    [InlineData("\"bias\": \"absolute\"", "bias is 'absolute', expected none, relative or distance")]
    [InlineData("\"bias\": true", "expected none, relative or distance")]
    public void WhatIsImpossibleNamesTheKeyItsRangeAndWhatToChange(string keys, string expected)
    {
        string json = ConfigJson.Write(Nano);
        string changed = json.Replace("\"reduction\": 1\n    }", $"\"reduction\": 1,\n      {keys}\n    }}", StringComparison.Ordinal);
        Assert.NotEqual(json, changed);
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => ConfigJson.Read(changed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WindowsNeedKeysOnTheQueriesGridAndNoClassToken()
    {
        BinaryViTConfig Of(StageConfig stage) => Nano with { Stages = [stage] };
        foreach ((string key, StageConfig stage) in ((string, StageConfig)[])[("window", Nano.Stages[0] with { WindowSide = 4 }), ("bias", Nano.Stages[0] with { Bias = BiasKind.Distance })])
        {
            Assert.Contains($"stage 1 has {key}, but its mixer conv3 has no scores: leave it out, or choose the mixer attention",
                Assert.Throws<ModelFormatException>(() => Of(stage with { Mixer = MixerKind.Conv3 }).Validate()).Message, StringComparison.Ordinal);
        }

        StageConfig windows = Nano.Stages[0] with { WindowSide = 4 };
        Assert.Contains("stage 1 has window 4 and reduction 2: windows are of queries and keys of one grid, so reduction must be 1",
            Assert.Throws<ModelFormatException>(() => Of(windows with { Reduction = 2 }).Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("a class token, which has no place in a grid",
            Assert.Throws<ModelFormatException>(() => (Of(windows) with { ClassToken = true, Branches = BranchKind.None }).Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("stage 1 has bias and the network a class token",
            Assert.Throws<ModelFormatException>(() => (Of(Nano.Stages[0] with { Bias = BiasKind.Relative }) with { ClassToken = true, Branches = BranchKind.None }).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LayersTakeTurns()
    {
        StageConfig stage = Nano.Stages[0] with { Depth = 3, WindowSide = 4 };
        WindowForm?[] Layers(StageConfig s)
        {
            BinaryViTConfig config = (Nano with { Stages = [s, Nano.Stages[1] with { WindowSide = 2, Shift = 1 }] }).Validate();
            return [.. Enumerable.Range(0, 5).Select(config.WindowAt)];
        }

        Assert.Equal([new(4, false, 0), new(4, false, 1), new(4, false, 0), new(2, false, 0), new(2, false, 1)], Layers(stage with { Shift = 1 }));
        Assert.Equal([new(4, false, 0), new(4, true, 0), new(4, false, 0)], Layers(stage with { Pattern = WindowPattern.BlockGrid })[..3]);
        Assert.Equal([new(4, false, 0), null, new(4, false, 0)], Layers(stage with { Pattern = WindowPattern.BlockAll })[..3]);
        Assert.Equal([new(4, true, 0), new(4, true, 0)], Layers(stage with { Pattern = WindowPattern.Grid })[..2]);

        // Class attention has neither.
        BinaryViTConfig cait = (Nano with { Stages = [stage with { Bias = BiasKind.Relative }], ClassAttention = 1 }).Validate();
        Assert.Equal((0, BiasKind.None), (cait.ClassStage().WindowSide, cait.ClassStage().Bias));
        Assert.Null(cait.WindowAt(BinaryViTConfig.NoLayer));
        Assert.Null(cait.BiasAt(BinaryViTConfig.NoLayer));
        Assert.Equal(65, cait.KeysAt(BinaryViTConfig.NoLayer));
        Assert.Equal(16, cait.KeysAt(0));
    }

    [Theory]
    [InlineData(0.124f, 64, 0)]
    [InlineData(0.125f, 64, 0)]
    [InlineData(0.126f, 64, 1)]
    [InlineData(0.375f, 64, 2)]
    [InlineData(-0.5f, 64, -2)]
    [InlineData(1f, 16, 2)]
    [InlineData(100f, 64, 127)]
    [InlineData(-100f, 64, -128)]
    public void AQuarterOfALogitIsAMatchOf64Channels(float logits, int headSize, int matches) => Assert.Equal(matches, BiasTable.Matches(logits, headSize));

    [Fact]
    public void TensorsShowTheKindOfABiasButNoWindows()
    {
        BinaryViTConfig Biased(BiasKind kind, int window) => new("own", 32, 4, [new StageConfig(1, 32, 64, 1, 1) { Bias = kind, WindowSide = window }], Classes: 3);
        foreach (BiasKind kind in (BiasKind[])[BiasKind.Relative, BiasKind.Distance])
        {
            RecognisedNetwork found = NetworkRecogniser.Recognise(RandomNetwork.Tensors(Biased(kind, 0), 1, clipPerHead: true));
            Assert.Equal(kind, ((BinaryViTConfig)found.Config).Stages[0].Bias);
            Assert.Contains(found.Assumed, a => a.Contains("attention without windows", StringComparison.Ordinal));
            Assert.Contains("with a bias in the scores", found.Variant, StringComparison.Ordinal);
        }

        Assert.Contains("only the checkpoint that convert wrote says them",
            Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(RandomNetwork.Tensors(Biased(BiasKind.Relative, 2), 1))).Message, StringComparison.Ordinal);
        BinaryViTConfig stated = Biased(BiasKind.Relative, 2);
        Assert.Equal(stated, NetworkRecogniser.Recognise(RandomNetwork.Tensors(stated, 1), stated: stated).Config);
    }
}
