using System.Globalization;
using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>Keys of a run's configuration that are read again, and when two of their values mean the same.</summary>
internal static class ConfigurationKeys
{
    /// <summary>Keys of the normalisation of pixels, three numbers each.</summary>
    internal const string Mean = "preprocess.mean", Std = "preprocess.std";

    /// <summary>Key of the time that a person typed and the lengths of the trainings were fitted to; it decides nothing once they are.</summary>
    internal const string Budget = "option.budget";

    /// <summary>Key of the layout of a student that is no preset as it is.</summary>
    internal const string Layout = "student.layout";

    /// <summary>Whether two values of a key mean the same: texts, and layouts whatever keys the version that wrote them had.</summary>
    internal static bool Same(string key, string was, string now)
    {
        if (was == now || key != Layout)
        {
            return was == now;
        }

        try
        {
            return ConfigJson.Read(was).Equals(ConfigJson.Read(now));
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    /// <summary>Whether two lists of numbers, as a configuration holds them, are the same but for what another split of the same images changes.</summary>
    internal static bool Near(string a, string b) => Near(Parse(a), Parse(b));

    /// <summary>The same of the numbers.</summary>
    internal static bool Near(IReadOnlyList<float> a, IReadOnlyList<float> b) => a.Count == b.Count && a.Zip(b).All(p => Math.Abs(p.First - p.Second) <= 0.02f);

    private static float[] Parse(string text) =>
        [.. text.Split(' ').Select(t => float.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out float v) ? v : float.NaN)];
}
