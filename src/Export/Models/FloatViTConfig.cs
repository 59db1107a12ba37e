namespace EdgeVit.Export;

/// <summary>The shape of a float vision transformer (DeiT, ViT): everything that decides which tensors it has and how they are used. Square images,
/// square patches, LayerNorm before attention and FFN, GELU by the error function. <c>PatchSize</c> is also the stride of the first convolution.
/// <c>LeadingTokens</c> are learned tokens before the patches: 0, 1 (class) or 2 (class and distillation, whose two logits are averaged); with
/// <c>LeadingPositions</c> they have position embeddings, too. With <c>LayerScale</c> attention and FFN are scaled per channel before they are
/// added. <c>RegisterTokens</c> are further learned tokens behind those, which nothing reads but the patches. With <c>PreNorm</c> the tokens pass a LayerNorm
/// before the first block. <c>NormEps</c> is added to the variance in every LayerNorm.</summary>
internal sealed record FloatViTConfig(
    string Name,
    int ImageSize,
    int PatchSize,
    int Width,
    int FfnWidth,
    int Depth,
    int Heads,
    int Classes,
    int Channels = 3,
    int LeadingTokens = 1,
    ViTPooling Pooling = ViTPooling.LeadingToken,
    bool LayerScale = false,
    bool LeadingPositions = true,
    double NormEps = 1e-6,
    int RegisterTokens = 0,
    bool PreNorm = false) : INetworkConfig
{
    /// <summary>Height and width of the grid of patches.</summary>
    public int Grid => ImageSize / PatchSize;

    /// <summary>Tokens with the leading ones.</summary>
    public int Tokens => (Grid * Grid) + Leading;

    /// <summary>Learned tokens before the patches, registers among them.</summary>
    public int Leading => LeadingTokens + RegisterTokens;

    /// <summary>Tokens that have a position embedding.</summary>
    public int Positions => (Grid * Grid) + (LeadingPositions ? Leading : 0);

    /// <summary>Checks that the network can exist and returns it.</summary>
    /// <exception cref="ModelFormatException">It cannot; the message lists every reason.</exception>
    public FloatViTConfig Validate()
    {
        List<string> faults = [.. Faults()];
        return faults.Count == 0 ? this : throw new ModelFormatException($"The network '{Name}' cannot be built: {string.Join("; ", faults)}.");
    }

    private IEnumerable<string> Faults() => [.. SizeFaults(), .. TransformerFaults()];

    private IEnumerable<string> SizeFaults()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return "it has no name";
        }

        if (Channels < 1 || Width < 1 || FfnWidth < 1 || Depth < 1)
        {
            yield return $"{Channels} image channels, {Width} channels, an FFN of {FfnWidth} and {Depth} blocks; at least 1 of each is needed";
        }

        if (Classes < 2)
        {
            yield return Classes == 1
                ? "1 class, at least 2 are needed: give a network with one logit for yes or no a second one, by a row of zeros before that of its head's weight and a 0 before its bias; its probabilities stay as they are"
                : $"{Classes} classes, at least 2 are needed";
        }

        if (ImageSize < 1 || PatchSize < 1 || ImageSize % PatchSize != 0)
        {
            yield return $"an image of {ImageSize} pixels does not divide into patches of {PatchSize}";
        }
    }

    private IEnumerable<string> TransformerFaults()
    {
        if (Heads < 1 || Width % Heads != 0)
        {
            yield return $"{Width} channels do not divide into {Heads} heads";
        }

        if (LeadingTokens is < 0 or > 2 || (LeadingTokens == 0 && Pooling is ViTPooling.LeadingToken or ViTPooling.ClassToken) || RegisterTokens is < 0 or > 1024)
        {
            yield return $"{LeadingTokens} leading tokens and {RegisterTokens} registers with pooling {Pooling}, expected 1 or 2, or 0 with a mean";
        }

        if (!(NormEps >= 0) || !double.IsFinite(NormEps))
        {
            yield return FormattableString.Invariant($"norm eps {NormEps}, a small number is needed");
        }
    }
}

/// <summary>What the logits of a float transformer are computed from.</summary>
internal enum ViTPooling
{
    /// <summary>The class token, normed; with a distillation token the logits of both are averaged.</summary>
    LeadingToken,

    /// <summary>The class token alone, normed, whatever other tokens lead: DeiT with a distillation token that has no head.</summary>
    ClassToken,

    /// <summary>The mean of the normed tokens.</summary>
    MeanOfNormed,

    /// <summary>The norm of the mean of the patches' tokens (without the leading ones).</summary>
    NormOfMean,
}
