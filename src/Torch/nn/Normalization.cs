using TorchSharp.Modules;
using TorchSharp.Utils;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules
{
    /// <summary>
    /// Normalises channels (dimension 1) with the batch's statistics in training and with running averages of them in evaluation.
    /// </summary>
    public abstract class BatchNorm : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        [ComponentName(Name = nameof(weight))]
        private Parameter? _weight;

        [ComponentName(Name = nameof(bias))]
        private Parameter? _bias;

        [ComponentName(Name = nameof(running_mean))]
        private torch.Tensor? _runningMean;

        [ComponentName(Name = nameof(running_var))]
        private torch.Tensor? _runningVar;

        [ComponentName(Name = nameof(num_batches_tracked))]
        private torch.Tensor? _batches;

        private protected BatchNorm(string name, long features, double eps, double? momentum, bool affine, bool track, torch.Device? device,
            torch.ScalarType? dtype) : base(name)
        {
            num_features = features;
            this.eps = eps;
            this.momentum = momentum;
            if (affine)
            {
                _weight = new Parameter(torch.ones(features, dtype, device));
                _bias = new Parameter(torch.zeros(features, dtype, device));
            }
            if (track)
            {
                _runningMean = torch.zeros(features, dtype, device);
                _runningVar = torch.ones(features, dtype, device);
                _batches = torch.zeros([], torch.ScalarType.Int64, device);
            }
            RegisterComponents();
        }

        /// <summary>The number of channels.</summary>
        public long num_features { get; }

        /// <summary>Added to the variance.</summary>
        public double eps { get; set; }

        /// <summary>The weight of a new batch in the running averages; null averages all batches equally.</summary>
        public double? momentum { get; set; }

        /// <summary>Whether there are a weight and a bias.</summary>
        public bool affine => _weight is not null;

        /// <summary>Whether there are running averages.</summary>
        public bool track_running_stats => _runningMean is not null;

        /// <summary>Scales, or null.</summary>
        public Parameter weight { get => _weight!; set => _weight = Replace(nameof(weight), value); }

        /// <summary>Offsets, or null.</summary>
        public Parameter? bias { get => _bias; set => _bias = Replace(nameof(bias), value); }

        /// <summary>The running mean, or null.</summary>
        public torch.Tensor? running_mean => _runningMean;

        /// <summary>The running variance, or null.</summary>
        public torch.Tensor? running_var => _runningVar;

        /// <summary>The number of training batches so far, or null.</summary>
        public torch.Tensor? num_batches_tracked => _batches;

        private protected abstract bool Accepts(long dimensions);

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input)
        {
            if (!Accepts(input.dim())) throw new ArgumentException($"{GetName()} cannot take a tensor of {input.dim()} dimensions.");
            double factor = momentum ?? 0;
            if (training && _batches is not null)
            {
                using (torch.no_grad()) _batches.add_(1);
                if (momentum is null) factor = 1.0 / _batches.ToInt64();
            }
            bool batch = training || _runningMean is null;
            return F.batch_norm(input, _runningMean, _runningVar, _weight, _bias, batch, factor, eps);
        }

        /// <summary>Forgets the running averages.</summary>
        public void reset_running_stats()
        {
            if (_runningMean is null) return;
            _runningMean.zero_();
            _runningVar!.fill_(1);
            _batches!.zero_();
        }
    }

    /// <summary>Batch normalisation of [n, c] or [n, c, length].</summary>
    public sealed class BatchNorm1d : BatchNorm
    {
        internal BatchNorm1d(long features, double eps, double? momentum, bool affine, bool track, torch.Device? device,
            torch.ScalarType? dtype)
            : base(nameof(BatchNorm1d), features, eps, momentum, affine, track, device, dtype)
        {
        }

        private protected override bool Accepts(long dimensions) => dimensions is 2 or 3;
    }

    /// <summary>Batch normalisation of [n, c, h, w].</summary>
    public sealed class BatchNorm2d : BatchNorm
    {
        internal BatchNorm2d(long features, double eps, double? momentum, bool affine, bool track, torch.Device? device,
            torch.ScalarType? dtype)
            : base(nameof(BatchNorm2d), features, eps, momentum, affine, track, device, dtype)
        {
        }

        private protected override bool Accepts(long dimensions) => dimensions == 4;
    }

    /// <summary>Normalises over the last dimensions.</summary>
    public sealed class LayerNorm : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        [ComponentName(Name = nameof(weight))]
        private Parameter? _weight;

        [ComponentName(Name = nameof(bias))]
        private Parameter? _bias;

        internal LayerNorm(long[] shape, double eps, bool affine, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(LayerNorm))
        {
            normalized_shape = shape;
            this.eps = eps;
            if (affine)
            {
                _weight = new Parameter(torch.ones(shape, dtype, device));
                if (hasBias) _bias = new Parameter(torch.zeros(shape, dtype, device));
            }
            RegisterComponents();
        }

        /// <summary>The sizes of the last dimensions.</summary>
        public long[] normalized_shape { get; }

        /// <summary>Added to the variance.</summary>
        public double eps { get; set; }

        /// <summary>Scales, or null.</summary>
        public Parameter weight { get => _weight!; set => _weight = Replace(nameof(weight), value); }

        /// <summary>Offsets, or null.</summary>
        public Parameter? bias { get => _bias; set => _bias = Replace(nameof(bias), value); }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => F.layer_norm(tensor, normalized_shape, _weight, _bias, eps);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Batch normalisation of [n, c] or [n, c, length].</summary>
            public static BatchNorm1d BatchNorm1d(long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
                bool track_running_stats = true, Device? device = null, ScalarType? dtype = null)
                => new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            /// <summary>Batch normalisation of [n, c, h, w].</summary>
            public static BatchNorm2d BatchNorm2d(long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
                bool track_running_stats = true, Device? device = null, ScalarType? dtype = null)
                => new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            /// <summary>Normalisation over the last dimensions.</summary>
            public static LayerNorm LayerNorm(long[] normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true,
                Device? device = null, ScalarType? dtype = null)
                => new(normalized_shape, eps, elementwise_affine, bias, device, dtype);

            /// <summary>Normalisation over the last dimension.</summary>
            public static LayerNorm LayerNorm(long normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true,
                Device? device = null, ScalarType? dtype = null)
                => new([normalized_shape], eps, elementwise_affine, bias, device, dtype);
        }
    }
}
