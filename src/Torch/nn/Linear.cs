using TorchSharp.Modules;
using TorchSharp.Utils;
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
        public override torch.Tensor forward(torch.Tensor tensor) => F.linear(tensor, _weight, _bias);
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
        }
    }
}
