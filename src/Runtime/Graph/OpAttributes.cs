namespace EdgeVit.Runtime;

/// <summary>Optional attributes and tensor roles of ops whose constants were moved elsewhere when the model was packed.</summary>
internal static class OpAttributes
{
    /// <summary>Attribute of a <see cref="Op.BinaryLinear"/> or <see cref="Op.BinaryConv"/>, 1 where it is there: <c>y = scale * d + offset</c>, d
    /// the number of differing bits.</summary>
    public const string Counts = "counts";

    /// <summary>Attribute of an <see cref="Op.AvgPool2d"/>, 1 where it is there: the window is summed up and not divided.</summary>
    public const string Sum = "sum";

    /// <summary>Attribute of an <see cref="Op.Add"/> or <see cref="Op.ScaledSum"/>, 1 where it is there: the first input is a product that counts, or an
    /// attention, which nothing else reads and the second input has no scale; the sum begins with <c>scale * d + (second + offset)</c>.</summary>
    public const string Joined = "joined";

    /// <summary>Role of the scale of an input of an <see cref="Op.ScaledSum"/>.</summary>
    /// <param name="input">From 1 on; the first input, 0, has none.</param>
    public static string Scale(int input) => $"scale{input}";
}
