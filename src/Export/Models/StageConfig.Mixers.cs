using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <content>How the tokens of a stage see each other. Keys that say nothing are left out of files.</content>
internal sealed partial record StageConfig
{
    /// <summary>The most that <see cref="Dilation"/> may be.</summary>
    public const int MostDilation = 8;

    /// <summary>Rows and columns of float convolutions of single channels where nothing else is said.</summary>
    public const int UsualKernel = 3;

    private const int MostKernel = 7;

    /// <summary>How tokens see each other, block by block.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public MixerCycle Mixer { get; init; }

    /// <summary>Tokens from tap to tap of the mixer's convolution; null where it is not said, which is 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Dilation { get; init; }

    /// <summary>Rows and columns of the mixer <c>depthwise</c>; null where it is not said, which is 3.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Kernel { get; init; }

    /// <summary>What tokens go through before they become queries, keys and values.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ProjectionKind Projection { get; init; }

    /// <summary>What the hidden layer of the feed-forward network sees.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public FfnKind Ffn { get; init; }

    /// <summary>What weighs the channels of the mixers <c>conv3</c> and <c>depthwise</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public GateKind Gate { get; init; }

    /// <summary>Channels of a gate's squeezed layer.</summary>
    [JsonIgnore]
    public int GateWidth => Math.Max(1, Width / 8);

    /// <summary>The windows of the mixer's binary convolution: as many as there are tokens.</summary>
    [JsonIgnore]
    public ConvWindow Window => new(Kernel: 3, Stride: 1, Padding: Dilation ?? 1, Dilation: Dilation ?? 1);

    /// <summary>Rows and columns of the mixer <c>depthwise</c>.</summary>
    [JsonIgnore]
    public int DepthwiseKernel => Kernel ?? UsualKernel;

    /// <summary>Whether keys and values are projected from a grid that a pool and a binary linear layer reduced.</summary>
    [JsonIgnore]
    public bool HasReductionLayer => Reduction > 1 && Projection == ProjectionKind.Linear;

    /// <summary>Whether it has float convolutions of single channels, which have batch norms.</summary>
    [JsonIgnore]
    public bool HasDepthwise => Mixer.Has(MixerKind.Depthwise) || Projection == ProjectionKind.Depthwise || Ffn == FfnKind.Local;

    /// <summary>Why a stage cannot mix its tokens so.</summary>
    internal IEnumerable<string> MixerFaults(string where)
    {
        if (!Mixer.Attends && (Heads != 1 || Reduction != 1))
        {
            yield return $"heads {Heads} and reduction {Reduction} of {where}, but its mixer {Mixer} has no heads and no keys: leave both keys out, or choose the mixer attention";
        }

        if (Dilation is < 1 or > MostDilation)
        {
            yield return $"dilation {Dilation} of {where}, 1 to {MostDilation} are possible";
        }

        if (Dilation is not null && !Mixer.Has(MixerKind.Conv3))
        {
            yield return $"dilation {Dilation} of {where}, but its mixer {Mixer} has no taps: leave it out, or choose the mixer conv3";
        }

        if (Gate != GateKind.None && !Mixer.Has(MixerKind.Conv3) && !Mixer.Has(MixerKind.Depthwise))
        {
            yield return $"gate {GateKinds.Name(Gate)} of {where}, but its mixer {Mixer} has no convolution whose channels it would weigh: leave it out, or choose the mixer conv3 or depthwise";
        }

        foreach (string fault in DepthwiseFaults(where))
        {
            yield return fault;
        }
    }

    private IEnumerable<string> DepthwiseFaults(string where)
    {
        if (Kernel is not (null or 3 or 5 or MostKernel))
        {
            yield return $"kernel {Kernel} of {where}, 3, 5 or {MostKernel} are possible";
        }

        if (Kernel is not null && !Mixer.Has(MixerKind.Depthwise))
        {
            yield return $"kernel {Kernel} of {where}, which is that of the mixer depthwise, but its mixer is {Mixer}: leave it out, or choose the mixer depthwise";
        }

        if (Projection == ProjectionKind.Depthwise && !Mixer.Attends)
        {
            yield return $"projection depthwise of {where}, but its mixer {Mixer} has no queries: leave it out, or choose the mixer attention";
        }

        if (Projection == ProjectionKind.Depthwise && Reduction > 2)
        {
            yield return $"reduction {Reduction} of {where}, but with projection depthwise it is the stride of a 3x3 convolution: 1 and 2 are possible";
        }
    }
}
