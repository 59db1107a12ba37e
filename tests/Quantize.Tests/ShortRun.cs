using EdgeVit.Export;

namespace EdgeVit.Quantize.Tests;

/// <summary>A conversion of the built-in images on the processor, without a teacher, that takes a second or so.</summary>
internal static class ShortRun
{
    /// <summary>Its options, with the layout written beside the run.</summary>
    internal static ConvertOptions Of(TempFolder folder, BinaryViTConfig layout)
    {
        File.WriteAllText(folder.File("layout.json"), ConfigJson.Write(layout));
        return Of(folder, folder.File("layout.json"));
    }

    /// <summary>Its options, for a student by its name.</summary>
    internal static ConvertOptions Of(TempFolder folder, string student) => new()
    {
        Data = "shapes",
        Out = folder.File("run"),
        Student = student,
        Teacher = "none",
        ShapesTrain = 200,
        ShapesTest = 30,
        Epochs = 0.5,
        BatchSize = 32,
        ParityImages = 2,
        Device = "cpu",
    };

    /// <summary>Converts, and asserts that the file is proven.</summary>
    internal static ConvertResult Proven(ConvertOptions options)
    {
        ConvertResult result = Converter.Convert(options, new SilentProgress());
        Assert.True(result.Parity.Passed, result.Parity.ToString());
        Assert.Empty(result.Parity.Untapped);
        Assert.True(result.Certificate.Passed);
        return result;
    }

    /// <summary>The same by the fused kernels or by plain operations, for tests that run alone (<see cref="SwitchesKernels"/>).</summary>
    internal static ConvertResult Proven(ConvertOptions options, bool fused)
    {
        try
        {
            FusedBranch.Enabled = fused;
            return Proven(options);
        }
        finally
        {
            FusedBranch.Enabled = true;
        }
    }
}
