using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>
            /// The negative log-likelihood of softmax(input): target class numbers [n], or probabilities of the input's size.
            /// </summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100,
                Reduction reduction = Reduction.Mean, double label_smoothing = 0.0)

                    => Tensor.New(Native.ev_cross_entropy(input.H, target.H, H(weight), (long)reduction, ignore_index, label_smoothing),
                        input, target, weight);

            /// <summary>The negative of the target classes' entries.</summary>
            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
                => Tensor.New(Native.ev_nll_loss(input.H, target.H, H(weight), (long)reduction, -100), input, target, weight);

            /// <summary>
            /// The Kullback-Leibler divergence of log-probabilities <paramref name="input"/> from the target (logarithms by default). The
            /// mean is over all elements.
            /// </summary>
            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean)
                => Tensor.New(Native.ev_kl_div(input.H, target.H, (long)reduction, Native.Flag(log_target)), input, target);

            /// <summary>Squared differences.</summary>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
                => Tensor.New(Native.ev_mse_loss(input.H, target.H, (long)reduction), input, target);

            /// <summary>Absolute differences.</summary>
            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
                => Tensor.New(Native.ev_l1_loss(input.H, target.H, (long)reduction), input, target);

            /// <summary>Squared differences below beta, absolute ones above.</summary>
            public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1.0)
                => Tensor.New(Native.ev_smooth_l1_loss(input.H, target.H, (long)reduction, beta), input, target);

            /// <summary>The cross entropy of sigmoid(input) with targets in [0, 1].</summary>
            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null,
                Reduction reduction = Reduction.Mean, Tensor? pos_weights = null)

                    => Tensor.New(Native.ev_bce_with_logits(input.H, target.H, H(weight), H(pos_weights), (long)reduction), input, target,
                        weight, pos_weights);
        }
    }
}
