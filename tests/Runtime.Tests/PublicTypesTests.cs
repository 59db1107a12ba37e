namespace EdgeVit.Runtime.Tests;

/// <summary>What the package shows: a public type is a promise. Its members are listed in PublicAPI.Unshipped.txt, which the build checks.</summary>
public class PublicTypesTests
{
    [Fact]
    public void ThereAreFourteen() => Assert.Equal(
        [
            "EvitFormatException", "EvitModel", "Interpolation", "KernelChoice", "KernelNotSupportedException", "Prediction", "Preprocess",
            "PreprocessPipeline", "Resampler", "RgbImage", "SelfTestResult", "Session", "SessionOptions", "StepTime",
        ],
        typeof(Session).Assembly.GetExportedTypes().Select(t => t.Name).Order(StringComparer.Ordinal));
}
