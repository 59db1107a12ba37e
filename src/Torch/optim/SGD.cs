using TorchSharp.Interop;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Stochastic gradient descent, with momentum.</summary>
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0.0, double dampening = 0.0,
                double weight_decay = 0.0, bool nesterov = false, bool maximize = false)
                => new([new SGD.ParamGroup(parameters)], learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <summary>Stochastic gradient descent, with momentum.</summary>
            public static SGD SGD(IEnumerable<(string name, Parameter parameter)> parameters, double learningRate, double momentum = 0.0,
                double dampening = 0.0, double weight_decay = 0.0, bool nesterov = false, bool maximize = false)
                => SGD(parameters.Select(p => p.parameter), learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <summary>Stochastic gradient descent, with momentum.</summary>
            public static SGD SGD(IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0.0,
                double dampening = 0.0, double weight_decay = 0.0, bool nesterov = false, bool maximize = false)
                => new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Stochastic gradient descent, with momentum.</summary>
    public class SGD : OptimizerHelper, torch.optim.IMomentum
    {
        private readonly Options _defaults;

        internal SGD(IEnumerable<ParamGroup> groups, double lr, double momentum, double dampening, double decay, bool nesterov,
            bool maximize)
        {
            if (nesterov && (momentum <= 0 || dampening != 0))
                throw new ArgumentException("Nesterov's momentum needs a momentum above zero and no dampening.");
            _defaults = new Options
            {
                LearningRate = lr,
                InitialLearningRate = lr,
                momentum = momentum,
                dampening = dampening,
                weight_decay = decay,
                nesterov = nesterov,
                maximize = maximize
            };
            foreach (ParamGroup group in groups) add_param_group(group);
        }

        /// <inheritdoc/>
        public double Momentum { get => _defaults.momentum!.Value; set => _defaults.momentum = value; }

        /// <inheritdoc/>
        public override void add_param_group(Modules.ParamGroup param_group)
        {
            param_group.Options ??= new Options();
            var options = (Options)param_group.Options;
            options.LearningRate ??= _defaults.LearningRate;
            options.momentum ??= _defaults.momentum;
            options.dampening ??= _defaults.dampening;
            options.weight_decay ??= _defaults.weight_decay;
            options.nesterov ??= _defaults.nesterov;
            options.maximize ??= _defaults.maximize;
            Track(param_group, p => new State(p));
        }

        private protected override unsafe void StepGroup(Modules.ParamGroup group, Parameter[] parameters)
        {
            var options = (Options)group.Options;
            nint[] handles = torch.Handles(parameters);
            var buffers = new nint[parameters.Length];
            var fresh = new nint[parameters.Length];
            for (int i = 0; i < parameters.Length; i++) buffers[i] = ((State)StateOf(parameters[i])).momentum_buffer?.H ?? 0;
            int status;
            fixed (nint* p = handles, b = buffers, f = fresh)
            {
                status = Native.ev_sgd_step(p, b, f, parameters.Length, options.LearningRate!.Value, options.momentum!.Value,
                    options.dampening!.Value, options.weight_decay!.Value, Native.Flag(options.nesterov!.Value),
                    Native.Flag(options.maximize!.Value));
            }
            GC.KeepAlive(this);
            for (int i = 0; i < fresh.Length; i++)
                if (fresh[i] != 0) ((State)StateOf(parameters[i])).momentum_buffer = new torch.Tensor(fresh[i]).DetachFromDisposeScope();
            Native.Check(status);
        }

        /// <summary>The momentum of one parameter.</summary>
        public sealed class State : OptimizerState
        {
            /// <summary>The running sum of the gradients; null before the first step, or without momentum.</summary>
            public torch.Tensor? momentum_buffer;

            internal State(Parameter parameter) : base(parameter)
            {
            }

            /// <inheritdoc/>
            public override void SaveStateDict(BinaryWriter writer) => SaveMaybe(writer, momentum_buffer);

            /// <inheritdoc/>
            public override void LoadStateDict(BinaryReader reader)
            {
                torch.Tensor? read = LoadMaybe(reader, Parameter.device);
                momentum_buffer?.Dispose();
                momentum_buffer = read;
            }

            /// <inheritdoc/>
            public override void LoadStateDict(OptimizerState source)
            {
                var other = (State)source;
                torch.Tensor? copy = other.momentum_buffer is null ? null : Copied(other.momentum_buffer, Parameter.device);
                momentum_buffer?.Dispose();
                momentum_buffer = copy;
            }

            /// <inheritdoc/>
            public override void to(torch.Device device)
            {
                if (momentum_buffer is not null) momentum_buffer = Owned(momentum_buffer.to(device, disposeAfter: true));
            }

            /// <inheritdoc/>
            protected override void Dispose(bool disposing) => momentum_buffer?.Dispose();
        }

        /// <summary>The settings of a group; what is null is taken from the optimizer.</summary>
        public class Options : OptimizerOptions
        {
            /// <summary>The share of the last step that goes on.</summary>
            public double? momentum;

            /// <summary>How much less a gradient counts in the momentum.</summary>
            public double? dampening;

            /// <summary>The weight decay, added to the gradient.</summary>
            public double? weight_decay;

            /// <summary>Whether the momentum looks one step ahead.</summary>
            public bool? nesterov;

            /// <summary>Whether the loss is maximised.</summary>
            public bool? maximize;

            /// <inheritdoc/>
            public override void SaveStateDict(BinaryWriter writer)
            {
                base.SaveStateDict(writer);
                writer.Write(momentum!.Value);
                writer.Write(dampening!.Value);
                writer.Write(weight_decay!.Value);
                writer.Write(nesterov!.Value);
                writer.Write(maximize!.Value);
            }

            /// <inheritdoc/>
            public override void LoadStateDict(BinaryReader reader)
            {
                base.LoadStateDict(reader);
                momentum = reader.ReadDouble();
                dampening = reader.ReadDouble();
                weight_decay = reader.ReadDouble();
                nesterov = reader.ReadBoolean();
                maximize = reader.ReadBoolean();
            }

            /// <inheritdoc/>
            public override void LoadStateDict(OptimizerOptions source)
            {
                base.LoadStateDict(source);
                var options = (Options)source;
                (momentum, dampening, weight_decay) = (options.momentum, options.dampening, options.weight_decay);
                (nesterov, maximize) = (options.nesterov, options.maximize);
            }
        }

        /// <summary>Parameters with settings of their own.</summary>
        public class ParamGroup : ParamGroup<Options>, torch.optim.IMomentum
        {
            /// <summary>An empty group.</summary>
            public ParamGroup()
            {
            }

            /// <summary>A group with settings.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
            {
            }

            /// <summary>A group with settings.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0.0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr,
                    momentum = momentum,
                    dampening = dampening,
                    weight_decay = weight_decay,
                    nesterov = nesterov,
                    maximize = maximize
                })
            {
            }

            internal ParamGroup(IEnumerable<Parameter> parameters) : base(parameters)
            {
            }

            /// <inheritdoc/>
            public double Momentum { get => Options.momentum!.Value; set => Options.momentum = value; }
        }
    }
}
