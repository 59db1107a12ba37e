using EdgeVit.Runtime;

namespace EdgeVit.Export.Faces;

/// <summary>What a family of detectors expects and says.</summary>
internal interface IFaceOutputs
{
    /// <summary>The outputs that are read.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>The elements that each of <see cref="Names"/> has for an input of a size.</summary>
    IReadOnlyList<int> Elements(int height, int width);

    /// <summary>A picture of the detector's size as its input <c>[3, H, W]</c>.</summary>
    float[] Input(RgbImage image);

    /// <summary>Boxes in pixels of the input, of all that is sure enough.</summary>
    /// <param name="outputs">Those of <see cref="Names"/>.</param>
    /// <param name="height">Rows of the input.</param>
    /// <param name="width">Columns of the input.</param>
    IEnumerable<FaceBox> Boxes(float[][] outputs, int height, int width);
}
