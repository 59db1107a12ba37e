using TorchSharp.Modules;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules
{
    /// <summary>x W^T + b on the last dimension; weight [out, in], bias [out].</summary>
    public class Linear : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Linear(Parameter weight, Parameter? bias) : base(nameof(Linear))
        {
            this.weight = weight;
            this.bias = bias;
            RegisterComponents();
        }

        internal Linear(long inputSize, long outputSize, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : this(new Parameter(torch.empty(outputSize, inputSize, dtype, device)), hasBias
                ? new Parameter(torch.empty(outputSize, dtype, device)) : null)
        {
            torch.nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
            double bound = 1 / Math.Sqrt(Math.Max(1, inputSize));
            if (bias is not null) torch.nn.init.uniform_(bias, -bound, bound);
        }

        /// <summary>Weights [out, in].</summary>
        public Parameter weight { get => _weight; set => _weight = Replace(nameof(weight), value)!; }

        /// <summary>Offsets [out], or null.</summary>
        public Parameter? bias { get => _bias; set => _bias = Replace(nameof(bias), value); }

        [ComponentName(Name = nameof(weight))]
        private Parameter _weight = null!;

        [ComponentName(Name = nameof(bias))]
        private Parameter? _bias;

        /// <summary>The size of the last dimension of the input.</summary>
        public long in_features => weight.shape[1];

        /// <summary>The size of the last dimension of the result.</summary>
        public long out_features => weight.shape[0];

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => F.linear(input, _weight, _bias);
    }

    /// <summary>Rows of a table; weight [rows, columns].</summary>
    public sealed class Embedding : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        [ComponentName(Name = nameof(weight))]
        private Parameter _weight;

        internal Embedding(long rows, long columns, torch.Device? device, torch.ScalarType? dtype) : base(nameof(Embedding))
        {
            _weight = new Parameter(torch.randn(rows, columns, dtype, device));
            RegisterComponents();
        }

        /// <summary>The table.</summary>
        public Parameter weight { get => _weight; set => _weight = Replace(nameof(weight), value)!; }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => F.embedding(input, _weight);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public partial class Module
            {
                /// <summary>Registers a parameter in place of the one of the same name; null removes it.</summary>
                internal Parameter? Replace(string name, Parameter? value)
                {
                    int index = _parameters.FindIndex(p => p.Name == name);
                    if (value is null)
                    {
                        if (index >= 0) _parameters.RemoveAt(index);
                        return null;
                    }
                    if (index >= 0) _parameters[index] = (name, value);
                    else if (_registered) _parameters.Add((name, value));
                    value.DetachFromDisposeScope();
                    return value;
                }
            }

            /// <summary>x W^T + b on the last dimension.</summary>
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null,
                ScalarType? dtype = null)
                => new(inputSize, outputSize, hasBias, device, dtype);

            /// <summary>x W^T + b with given parameters.</summary>
            public static Linear Linear(Parameter weight, Parameter? bias = null) => new(weight, bias);

            /// <summary>Rows of a table of normally distributed numbers.</summary>
            public static Embedding Embedding(long num_embeddings, long embedding_dims, Device? device = null, ScalarType? dtype = null)
                => new(num_embeddings, embedding_dims, device, dtype);
        }
    }
}
