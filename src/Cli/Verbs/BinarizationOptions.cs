using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>The options of <c>convert</c> that say how weights and activations become bits.</summary>
internal sealed class BinarizationOptions
{
    private readonly Option<string?> _gradient = new("--activation-gradient") { Description = "What takes the place of the sign's derivative: quadratic, straight (through) or annealed. [default: quadratic]", HelpName = "FORM" };
    private readonly Option<double?> _floatWeights = new("--float-weights") { Description = "Two stages: share of the steps, at the start, in which only activations are binary." };
    private readonly Option<string?> _clipStart = new("--clip-start") { Description = "Where the attention's clips start: C/keys, or a number (the paper's is 0.005). [default: 3/keys]", HelpName = "C/keys|X" };
    private readonly Option<string?> _clipPer = new("--clip-per") { Description = "Whether each head has its own clip or those of a layer share one. [default: head]", HelpName = "head|layer" };
    private readonly Option<double?> _regularizer = new("--weight-regularizer") { Description = "Weight of the regulariser that pulls latent weights away from 0." };
    private readonly Option<double?> _regularizerShare = new("--regularizer-share") { Description = "Share of the steps, at the end, in which it works. [default: 0.1]" };
    private readonly Option<double?> _freeze = new("--freeze-signs") { Description = "Share of the steps, at the end, in which the weights' signs stay and only floats learn." };
    private readonly Option<int?> _normBatches = new("--norm-batches") { Description = "Batches over which norm statistics are re-estimated before packing; 0 leaves them. [default: 100]" };

    public IEnumerable<Option> All => [_gradient, _floatWeights, _clipStart, _clipPer, _regularizer, _regularizerShare, _freeze, _normBatches];

#if TRAINING
    public Training.BinarizationArguments Read(ParseResult arguments) => new(
        arguments.GetValue(_gradient), arguments.GetValue(_floatWeights), arguments.GetValue(_clipStart), arguments.GetValue(_clipPer), arguments.GetValue(_regularizer),
        arguments.GetValue(_regularizerShare), arguments.GetValue(_freeze), arguments.GetValue(_normBatches));
#endif
}
