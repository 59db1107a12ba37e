using TorchSharp.Modules;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules
{
    /// <summary>max(x, 0).</summary>
    public sealed class ReLU : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal ReLU(bool inplace) : base(nameof(ReLU))
        {
            this.inplace = inplace;
        }

        /// <summary>Whether the input is overwritten.</summary>
        public bool inplace { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => F.relu(tensor, inplace);
    }

    /// <summary>The Gaussian error linear unit.</summary>
    public sealed class GELU : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal GELU(bool inplace) : base(nameof(GELU))
        {
            this.inplace = inplace;
        }

        /// <summary>Whether the input is overwritten.</summary>
        public bool inplace { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => F.gelu(tensor, inplace);
    }

    /// <summary>x * sigmoid(x).</summary>
    public sealed class SiLU : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal SiLU(bool inplace) : base(nameof(SiLU))
        {
            this.inplace = inplace;
        }

        /// <summary>Whether the input is overwritten.</summary>
        public bool inplace { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => F.silu(tensor, inplace);
    }

    /// <summary>1 / (1 + exp(-x)).</summary>
    public sealed class Sigmoid : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Sigmoid() : base(nameof(Sigmoid))
        {
        }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => tensor.sigmoid();
    }

    /// <summary>Hyperbolic tangents.</summary>
    public sealed class Tanh : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Tanh() : base(nameof(Tanh))
        {
        }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => tensor.tanh();
    }

    /// <summary>Values limited to [min_val, max_val].</summary>
    public sealed class Hardtanh : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Hardtanh(double min_val, double max_val, bool inplace) : base(nameof(Hardtanh))
        {
            this.inplace = inplace;
            this.min_val = min_val;
            this.max_val = max_val;
        }

        /// <summary>The lower limit.</summary>
        public double min_val { get; set; }

        /// <summary>The upper limit.</summary>
        public double max_val { get; set; }

        /// <summary>Whether the input is overwritten.</summary>
        public bool inplace { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => F.hardtanh(tensor, min_val, max_val, inplace);
    }

    /// <summary>exp(x) divided by its sum along a dimension.</summary>
    public sealed class Softmax : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Softmax(long dim) : base(nameof(Softmax))
        {
            this.dim = dim;
        }

        /// <summary>The dimension.</summary>
        public long dim { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => tensor.softmax(dim);
    }

    /// <summary>The logarithm of softmax.</summary>
    public sealed class LogSoftmax : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal LogSoftmax(long dim) : base(nameof(LogSoftmax))
        {
            this.dim = dim;
        }

        /// <summary>The dimension.</summary>
        public long dim { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => tensor.log_softmax(dim);
    }

    /// <summary>The input.</summary>
    public sealed class Identity : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Identity() : base(nameof(Identity))
        {
        }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => tensor.alias();
    }

    /// <summary>Joins dimensions.</summary>
    public sealed class Flatten : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Flatten(long start_dim, long end_dim) : base(nameof(Flatten))
        {
            this.start_dim = start_dim;
            this.end_dim = end_dim;
        }

        /// <summary>The first dimension joined.</summary>
        public long start_dim { get; set; }

        /// <summary>The last dimension joined.</summary>
        public long end_dim { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => input.flatten(start_dim, end_dim);
    }

    /// <summary>In training, elements zeroed with probability p and the others scaled by 1 / (1 - p).</summary>
    public sealed class Dropout : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Dropout(double p, bool inplace) : base(nameof(Dropout))
        {
            this.p = p;
            this.inplace = inplace;
        }

        /// <summary>The probability of a zero.</summary>
        public double p { get; set; }

        /// <summary>Whether the input is overwritten.</summary>
        public bool inplace { get; set; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor) => F.dropout(tensor, p, training, inplace);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>max(x, 0).</summary>
            public static ReLU ReLU(bool inplace = false) => new(inplace);

            /// <summary>The Gaussian error linear unit.</summary>
            public static GELU GELU() => new(false);

            /// <summary>The Gaussian error linear unit.</summary>
            public static GELU GELU(bool inplace) => new(inplace);

            /// <summary>x * sigmoid(x).</summary>
            public static SiLU SiLU() => new(false);

            /// <summary>x * sigmoid(x).</summary>
            public static SiLU SiLU(bool inplace) => new(inplace);

            /// <summary>1 / (1 + exp(-x)).</summary>
            public static Sigmoid Sigmoid() => new();

            /// <summary>Hyperbolic tangents.</summary>
            public static Tanh Tanh() => new();

            /// <summary>Values limited to [min_val, max_val].</summary>
            public static Hardtanh Hardtanh(double min_val = -1.0, double max_val = 1.0, bool inplace = false)
                => new(min_val, max_val, inplace);

            /// <summary>exp(x) divided by its sum along a dimension.</summary>
            public static Softmax Softmax(long dim) => new(dim);

            /// <summary>The logarithm of softmax.</summary>
            public static LogSoftmax LogSoftmax(long dim) => new(dim);

            /// <summary>The input.</summary>
            public static Identity Identity() => new();

            /// <summary>Joins dimensions.</summary>
            public static Flatten Flatten(long start_dim = 1, long end_dim = -1) => new(start_dim, end_dim);

            /// <summary>In training, elements zeroed with probability p and the others scaled by 1 / (1 - p).</summary>
            public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);
        }
    }
}
