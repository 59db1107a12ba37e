using TorchSharp.Modules;
using F = TorchSharp.torch.nn.functional;
using Reduction = TorchSharp.torch.nn.Reduction;

namespace TorchSharp.Modules
{
    /// <summary>A loss of a prediction and a target.</summary>
    public abstract class Loss<T1, T2, TResult> : torch.nn.Module<T1, T2, TResult>
    {
        private protected Loss(string name, Reduction reduction) : base(name) => this.reduction = reduction;

        /// <summary>How the losses of a batch become one.</summary>
        public Reduction reduction { get; }
    }

    /// <summary>The negative log-likelihood of softmax(input).</summary>
    public sealed class CrossEntropyLoss : Loss<torch.Tensor, torch.Tensor, torch.Tensor>
    {
        internal CrossEntropyLoss(torch.Tensor? weight, long? ignoreIndex, Reduction reduction) : base(nameof(CrossEntropyLoss), reduction)
        {
            this.weight = weight;
            ignore_index = ignoreIndex;
        }

        /// <summary>Weights of the classes, or null.</summary>
        public torch.Tensor? weight { get; }

        /// <summary>A target that does not count.</summary>
        public long? ignore_index { get; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input, torch.Tensor target)
            => F.cross_entropy(input, target, weight, ignore_index ?? -100, reduction);
    }

    /// <summary>Squared differences.</summary>
    public sealed class MSELoss : Loss<torch.Tensor, torch.Tensor, torch.Tensor>
    {
        internal MSELoss(Reduction reduction) : base(nameof(MSELoss), reduction)
        {
        }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input, torch.Tensor target) => F.mse_loss(input, target, reduction);
    }

    /// <summary>The Kullback-Leibler divergence of log-probabilities from a target.</summary>
    public sealed class KLDivLoss : Loss<torch.Tensor, torch.Tensor, torch.Tensor>
    {
        internal KLDivLoss(bool logTarget, Reduction reduction) : base(nameof(KLDivLoss), reduction) => log_target = logTarget;

        /// <summary>Whether the target holds logarithms.</summary>
        public bool log_target { get; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input, torch.Tensor target) => F.kl_div(input, target, log_target, reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>The negative log-likelihood of softmax(input).</summary>
            public static CrossEntropyLoss CrossEntropyLoss(Tensor? weight = null, long? ignore_index = null,
                Reduction reduction = Reduction.Mean)
                => new(weight, ignore_index, reduction);

            /// <summary>Squared differences.</summary>
            public static MSELoss MSELoss(Reduction reduction = Reduction.Mean) => new(reduction);

            /// <summary>The Kullback-Leibler divergence of log-probabilities from a target.</summary>
            public static KLDivLoss KLDivLoss(bool log_target = true, Reduction reduction = Reduction.Mean) => new(log_target, reduction);
        }
    }
}
