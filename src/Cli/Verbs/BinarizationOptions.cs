using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>The options of <c>convert</c> that say how weights and activations become bits.</summary>
internal sealed class BinarizationOptions
{
    private readonly ChoiceOption _gradient = new("--activation-gradient", "quadratic", "straight", "annealed") { Description = "What takes the place of the sign's derivative: quadratic, straight (through) or annealed. [default: quadratic]" };
    private readonly RealOption _floatWeights = new("--float-weights", 0, 0.9) { Description = "Two stages: share of the steps, at the start, in which only activations are binary." };
    private readonly ParsedOption<string> _clipStart = new("--clip-start", "0.01/keys to 100/keys, such as 3/keys, or the clip itself from 0.000001 to 1, such as 0.005", ParseClip) { Description = "Where the attention's clips start: C/keys, or a number (the paper's is 0.005). [default: 3/keys]", HelpName = "C/keys|X" };
    private readonly ChoiceOption _clipPer = new("--clip-per", "head", "layer") { Description = "Whether each head has its own clip or those of a layer share one. [default: head]" };
    private readonly RealOption _regularizer = new("--weight-regularizer", 0, 100) { Description = "Weight of the regulariser that pulls latent weights away from 0." };
    private readonly RealOption _regularizerShare = new("--regularizer-share", 0, 1) { Description = "Share of the steps, at the end, in which it works. [default: 0.1]" };
    private readonly RealOption _freeze = new("--freeze-signs", 0, 0.9) { Description = "Share of the steps, at the end, in which the weights' signs stay and only floats learn." };
    private readonly WholeOption<int?> _normBatches = new("--norm-batches", 0, 10_000) { Description = "Batches over which norm statistics are re-estimated before packing; 0 leaves them. [default: 100]" };

    public IEnumerable<Combination> Combinations => [Combination.Needs(_regularizerShare, "is the time of the regulariser", _regularizer)];

    public IEnumerable<Option> All => [_gradient, _floatWeights, _clipStart, _clipPer, _regularizer, _regularizerShare, _freeze, _normBatches];

    /// <summary>The text where it is a clip.</summary>
    private static string? ParseClip(string text)
    {
        const string Keys = "/keys";
        bool byKeys = text.EndsWith(Keys, StringComparison.Ordinal);
        return Number.TryReal(byKeys ? text.AsSpan(0, text.Length - Keys.Length) : text, out double value)
            && (byKeys ? value is >= 0.01 and <= 100 : value is >= 1e-6 and <= 1) ? text : null;
    }

#if TRAINING
    public Training.BinarizationArguments Read(ParseResult arguments) => new(
        arguments.GetValue(_gradient), arguments.GetValue(_floatWeights), arguments.GetValue(_clipStart), arguments.GetValue(_clipPer), arguments.GetValue(_regularizer),
        arguments.GetValue(_regularizerShare), arguments.GetValue(_freeze), arguments.GetValue(_normBatches));
#endif
}
