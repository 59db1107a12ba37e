using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        /// <summary>Optimizers and learning-rate schedules.</summary>
        public static partial class optim
        {
            /// <summary>Something whose learning rate a schedule sets.</summary>
            public interface ILearningRateController
            {
                /// <summary>The learning rate of the next step.</summary>
                double LearningRate { get; set; }

                /// <summary>The learning rate at the start.</summary>
                double InitialLearningRate { get; set; }
            }

            /// <summary>Something with a momentum.</summary>
            public interface IMomentum
            {
                /// <summary>The momentum.</summary>
                double Momentum { get; set; }
            }

            /// <summary>Something with two decay rates of averages.</summary>
            public interface IBetas
            {
                /// <summary>The decay rates of the first and the second moment.</summary>
                (double, double) Betas { get; set; }
            }

            /// <summary>Changes parameters by their gradients.</summary>
            public abstract class Optimizer : IDisposable
            {
                /// <summary>What state_dict() gives: the options of the groups and the state of the parameters, not copied.</summary>
                public class StateDictionary
                {
                    /// <summary>The options of every group.</summary>
                    public List<OptimizerOptions> Options { get; } = [];

                    /// <summary>The state of every parameter, group by group.</summary>
                    public List<OptimizerState> State { get; } = [];

                    /// <summary>For every group, which entries of <see cref="State"/> are its.</summary>
                    public List<List<int>> StateIndexRef { get; } = [];
                }

                /// <summary>The groups of parameters and their learning rates.</summary>
                public virtual IEnumerable<ILearningRateController> ParamGroups => Groups;

                internal List<ParamGroup> Groups { get; } = [];

                /// <summary>The parameters of all groups.</summary>
                public virtual IEnumerable<Parameter> parameters() => Groups.SelectMany(g => g.Parameters);

                /// <summary>Drops the gradients of all parameters.</summary>
                public virtual void zero_grad() => nn.Module.ZeroGrads(parameters(), false);

                /// <summary>Adds a group of parameters; what its options leave out is taken from the optimizer.</summary>
                public abstract void add_param_group(ParamGroup param_group);

                /// <summary>Makes one step.</summary>
                /// <param name="closure">Computes the loss and its gradients first; optional.</param>
                /// <returns>The closure's loss, or null.</returns>
                public abstract Tensor? step(Func<Tensor>? closure = null);

                /// <summary>Frees the state.</summary>
                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                /// <summary>Frees the state.</summary>
                protected abstract void Dispose(bool disposing);
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>The settings of a group of parameters.</summary>
    public class OptimizerOptions
    {
        /// <summary>The learning rate of the next step.</summary>
        public double? LearningRate { get; set; }

        /// <summary>The learning rate at the start.</summary>
        public double InitialLearningRate { get; set; }

        /// <summary>Writes the settings.</summary>
        public virtual void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(InitialLearningRate);
            writer.Write(LearningRate!.Value);
        }

        /// <summary>Reads the settings.</summary>
        public virtual void LoadStateDict(BinaryReader reader)
        {
            InitialLearningRate = reader.ReadDouble();
            LearningRate = reader.ReadDouble();
        }

        /// <summary>Takes over settings.</summary>
        public virtual void LoadStateDict(OptimizerOptions source)
        {
            InitialLearningRate = source.InitialLearningRate;
            LearningRate = source.LearningRate;
        }
    }

    /// <summary>What an optimizer remembers of one parameter.</summary>
    public abstract class OptimizerState : IDisposable
    {
        private protected OptimizerState(Parameter parameter) => Parameter = parameter;

        internal Parameter Parameter { get; }

        /// <summary>Writes the state.</summary>
        public abstract void SaveStateDict(BinaryWriter writer);

        /// <summary>Reads the state.</summary>
        public abstract void LoadStateDict(BinaryReader reader);

        /// <summary>Takes over a copy of another parameter's state.</summary>
        public abstract void LoadStateDict(OptimizerState source);

        /// <summary>Moves the state to a device.</summary>
        public abstract void to(torch.Device device);

        /// <summary>Frees the state.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Frees the state.</summary>
        protected abstract void Dispose(bool disposing);

        private protected static torch.Tensor Owned(torch.Tensor tensor) => tensor.DetachFromDisposeScope();

        private protected static torch.Tensor Copied(torch.Tensor source, torch.Device device) => Owned(source.to(device, copy: true));

        private protected static void SaveMaybe(BinaryWriter writer, torch.Tensor? tensor)
        {
            writer.Write(tensor is not null);
            tensor?.Save(writer);
        }

        private protected static torch.Tensor? LoadMaybe(BinaryReader reader, torch.Device device)
        {
            if (!reader.ReadBoolean()) return null;
            using torch.Tensor read = TensorExtensionMethods.Load(reader);
            return Copied(read, device);
        }
    }

    /// <summary>Parameters that share settings.</summary>
    public class ParamGroup : torch.optim.ILearningRateController
    {
        /// <summary>The parameters.</summary>
        public IEnumerable<Parameter> Parameters { get; set; } = [];

        /// <summary>The settings.</summary>
        public OptimizerOptions Options { get; set; } = null!;

        /// <inheritdoc/>
        public double LearningRate { get => Options.LearningRate!.Value; set => Options.LearningRate = value; }

        /// <inheritdoc/>
        public double InitialLearningRate { get => Options.InitialLearningRate; set => Options.InitialLearningRate = value; }
    }

    /// <summary>Parameters that share settings of one optimizer.</summary>
    public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
    {
        /// <summary>An empty group.</summary>
        public ParamGroup()
        {
        }

        /// <summary>A group with settings.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
        {
            Parameters = parameters;
            base.Options = options!;
        }

        /// <summary>The settings.</summary>
        public new TOptions Options { get => (TOptions)base.Options; set => base.Options = value; }
    }

    /// <summary>What the optimizers share: groups, state per parameter, and its files in TorchSharp's format.</summary>
    public abstract class OptimizerHelper : torch.optim.Optimizer
    {
        private readonly Dictionary<Parameter, OptimizerState> _state = new(ReferenceEqualityComparer.Instance);

        private protected OptimizerState StateOf(Parameter parameter) => _state[parameter];

        private protected void Track(ParamGroup group, Func<Parameter, OptimizerState> create)
        {
            group.Parameters = [.. group.Parameters];
            group.Options.InitialLearningRate = group.Options.LearningRate!.Value;
            foreach (Parameter parameter in group.Parameters)
                if (!_state.TryAdd(parameter, create(parameter)))
                    throw new ArgumentException("A parameter is in two groups, or twice in one.");
            Groups.Add(group);
        }

        /// <inheritdoc/>
        public override torch.Tensor? step(Func<torch.Tensor>? closure = null)
        {
            torch.Tensor? loss = null;
            if (closure is not null)
            {
                using (torch.enable_grad()) loss = closure();
            }
            using IDisposable quiet = torch.no_grad();
            foreach (ParamGroup group in Groups) StepGroup(group, [.. group.Parameters]);
            return loss;
        }

        private protected abstract void StepGroup(ParamGroup group, Parameter[] parameters);

        /// <summary>The settings and the state, not copied.</summary>
        public virtual StateDictionary state_dict()
        {
            var result = new StateDictionary();
            foreach (ParamGroup group in Groups)
            {
                result.Options.Add(group.Options);
                var indices = new List<int>();
                foreach (Parameter parameter in group.Parameters)
                {
                    indices.Add(result.State.Count);
                    result.State.Add(_state[parameter]);
                }
                result.StateIndexRef.Add(indices);
            }
            return result;
        }

        /// <summary>Takes over settings and a copy of the state.</summary>
        /// <exception cref="ArgumentException">The numbers of groups or parameters differ.</exception>
        public virtual void load_state_dict(StateDictionary state_dict)
        {
            StateDictionary own = this.state_dict();
            RequireSame(own, state_dict.Options.Count, state_dict.State.Count);
            for (int i = 0; i < own.Options.Count; i++)
                if (!ReferenceEquals(own.Options[i], state_dict.Options[i])) own.Options[i].LoadStateDict(state_dict.Options[i]);
            for (int i = 0; i < own.State.Count; i++)
                if (!ReferenceEquals(own.State[i], state_dict.State[i])) own.State[i].LoadStateDict(state_dict.State[i]);
        }

        /// <summary>Writes settings and state to a file in TorchSharp's format.</summary>
        public void save_state_dict(string location)
        {
            using FileStream stream = File.Create(location);
            using var writer = new BinaryWriter(stream);
            save_state_dict(writer);
        }

        /// <summary>Reads settings and state from a file in TorchSharp's format.</summary>
        public void load_state_dict(string location)
        {
            using FileStream stream = File.OpenRead(location);
            using var reader = new BinaryReader(stream);
            load_state_dict(reader);
        }

        /// <summary>Writes settings and state in TorchSharp's format.</summary>
        public void save_state_dict(BinaryWriter writer)
        {
            StateDictionary state = state_dict();
            writer.Write(GetType().Name);
            TensorFormat.WriteNumber(writer, state.Options.Count);
            TensorFormat.WriteNumber(writer, state.State.Count);
            foreach (OptimizerOptions options in state.Options) options.SaveStateDict(writer);
            foreach (OptimizerState item in state.State) item.SaveStateDict(writer);
        }

        /// <summary>Reads settings and state in TorchSharp's format.</summary>
        /// <exception cref="InvalidDataException">The file is another optimizer's.</exception>
        /// <exception cref="ArgumentException">The numbers of groups or parameters differ.</exception>
        public void load_state_dict(BinaryReader reader)
        {
            string name = reader.ReadString();
            if (name != GetType().Name)
                throw new InvalidDataException($"Mismatched optimizer type: this is {GetType().Name}, the file was written by {name}.");
            StateDictionary state = state_dict();
            RequireSame(state, TensorFormat.ReadNumber(reader), TensorFormat.ReadNumber(reader));
            foreach (OptimizerOptions options in state.Options) options.LoadStateDict(reader);
            foreach (OptimizerState item in state.State) item.LoadStateDict(reader);
        }

        /// <summary>Moves the state to a device.</summary>
        public void to(torch.Device device)
        {
            foreach (OptimizerState state in _state.Values) state.to(device);
        }

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            if (!disposing) return;
            foreach (OptimizerState state in _state.Values) state.Dispose();
            _state.Clear();
            Groups.Clear();
        }

        private static void RequireSame(StateDictionary own, long groups, long states)
        {
            if (groups != own.Options.Count)
                throw new ArgumentException($"Mismatched optimizer state: {own.Options.Count} groups here, {groups} in the state.");
            if (states != own.State.Count)
                throw new ArgumentException($"Mismatched optimizer state: {own.State.Count} parameters here, {states} in the state.");
        }
    }
}
