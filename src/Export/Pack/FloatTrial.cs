using System.Globalization;

namespace EdgeVit.Export;

/// <summary>What labelled images say about 16-bit floats: how many the models with exact and with rounded floats predicted alike, and each of them
/// rightly.</summary>
internal sealed record FloatTrial(int Images, int Same, int ExactRight, int RoundedRight)
{
    /// <summary>Fewer images say too little.</summary>
    public const int FewestImages = 1000;

    /// <summary>The share of predictions that must be the same.</summary>
    public const double LeastSame = 0.998;

    /// <summary>Whether there were enough images, their predictions are the same but for the odd one, and no fewer are right.</summary>
    public bool NothingIsLost => Images >= FewestImages && Same >= LeastSame * Images && RoundedRight >= ExactRight;

    public override string ToString() => Images < FewestImages
        ? string.Create(CultureInfo.InvariantCulture, $"{Images:N0} labelled images, {FewestImages:N0} are needed to show that 16 bits lose nothing")
        : string.Create(CultureInfo.InvariantCulture, $"16 bits leave {Same:N0} of {Images:N0} predictions the same, {RoundedRight:N0} right in place of {ExactRight:N0}");
}
