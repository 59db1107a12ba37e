using TorchSharp.Interop;

namespace TorchSharp.Modules;

/// <summary>The settings of Adam and AdamW.</summary>
public class AdamOptions : OptimizerOptions
{
    /// <summary>The decay of the average of the gradient.</summary>
    public double? beta1;

    /// <summary>The decay of the average of the squared gradient.</summary>
    public double? beta2;

    /// <summary>The weight decay.</summary>
    public double? weight_decay;

    /// <summary>Added to the denominator.</summary>
    public double? eps;

    /// <summary>Whether the largest average of the squared gradient so far is used.</summary>
    public bool? amsgrad;

    /// <summary>Whether the loss is maximised.</summary>
    public bool? maximize;

    /// <inheritdoc/>
    public override void SaveStateDict(BinaryWriter writer)
    {
        base.SaveStateDict(writer);
        writer.Write(beta1!.Value);
        writer.Write(beta2!.Value);
        writer.Write(eps!.Value);
        writer.Write(weight_decay!.Value);
        writer.Write(amsgrad!.Value);
        writer.Write(maximize!.Value);
    }

    /// <inheritdoc/>
    public override void LoadStateDict(BinaryReader reader)
    {
        base.LoadStateDict(reader);
        beta1 = reader.ReadDouble();
        beta2 = reader.ReadDouble();
        eps = reader.ReadDouble();
        weight_decay = reader.ReadDouble();
        amsgrad = reader.ReadBoolean();
        maximize = reader.ReadBoolean();
    }

    /// <inheritdoc/>
    public override void LoadStateDict(OptimizerOptions source)
    {
        base.LoadStateDict(source);
        var options = (AdamOptions)source;
        (beta1, beta2, eps) = (options.beta1, options.beta2, options.eps);
        (weight_decay, amsgrad, maximize) = (options.weight_decay, options.amsgrad, options.maximize);
    }
}

/// <summary>What Adam and AdamW share: one native call per group and step.</summary>
public abstract class AdamBase : OptimizerHelper, torch.optim.IBetas
{
    private readonly AdamOptions _defaults;

    private protected AdamBase(AdamOptions defaults) => _defaults = defaults;

    private protected abstract bool Decoupled { get; }

    /// <inheritdoc/>
    public (double, double) Betas
    {
        get => (_defaults.beta1!.Value, _defaults.beta2!.Value);
        set => (_defaults.beta1, _defaults.beta2) = value;
    }

    private protected abstract AdamOptions NewOptions();

    /// <inheritdoc/>
    public override void add_param_group(ParamGroup param_group)
    {
        param_group.Options ??= NewOptions();
        var options = (AdamOptions)param_group.Options;
        options.LearningRate ??= _defaults.LearningRate;
        options.beta1 ??= _defaults.beta1;
        options.beta2 ??= _defaults.beta2;
        options.eps ??= _defaults.eps;
        options.weight_decay ??= _defaults.weight_decay;
        options.amsgrad ??= _defaults.amsgrad;
        options.maximize ??= _defaults.maximize;
        Track(param_group, p => new State(p, options.amsgrad!.Value));
    }

    private protected override unsafe void StepGroup(ParamGroup group, Parameter[] parameters)
    {
        var options = (AdamOptions)group.Options;
        int count = parameters.Length;
        nint[] handles = torch.Handles(parameters);
        var averages = new nint[count];
        var squares = new nint[count];
        var maxima = new nint[count];
        var steps = new long[count];
        for (int i = 0; i < count; i++)
        {
            var state = (State)StateOf(parameters[i]);
            steps[i] = state.step + 1;
            averages[i] = state.exp_avg.H;
            squares[i] = state.exp_avg_sq.H;
            maxima[i] = state.max_exp_avg_sq is null ? 0 : state.max_exp_avg_sq.H;
        }
        fixed (nint* p = handles, a = averages, s = squares, m = maxima)
        fixed (long* n = steps)
        {
            int status = Native.ev_adam_step(p, a, s, options.amsgrad == true ? m : null, n, count, options.LearningRate!.Value,
                options.beta1!.Value, options.beta2!.Value, options.eps!.Value, options.weight_decay!.Value, Native.Flag(Decoupled),
                Native.Flag(options.maximize!.Value));
            GC.KeepAlive(this);
            Native.Check(status);
        }
        for (int i = 0; i < count; i++)
            if (steps[i] > 0) ((State)StateOf(parameters[i])).step = steps[i];
    }

    /// <summary>The averages of one parameter.</summary>
    public sealed class State : OptimizerState
    {
        /// <summary>The number of steps so far.</summary>
        public long step;

        /// <summary>The average of the gradient.</summary>
        public torch.Tensor exp_avg;

        /// <summary>The average of the squared gradient.</summary>
        public torch.Tensor exp_avg_sq;

        /// <summary>The largest average of the squared gradient so far, or null.</summary>
        public torch.Tensor? max_exp_avg_sq;

        internal State(Parameter parameter, bool amsgrad) : base(parameter)
        {
            exp_avg = Owned(torch.zeros_like(parameter));
            exp_avg_sq = Owned(torch.zeros_like(parameter));
            max_exp_avg_sq = amsgrad ? Owned(torch.zeros_like(parameter)) : null;
        }

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            exp_avg.Save(writer);
            exp_avg_sq.Save(writer);
            SaveMaybe(writer, max_exp_avg_sq);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            exp_avg.Load(reader);
            exp_avg_sq.Load(reader);
            torch.Tensor? maximum = LoadMaybe(reader, Parameter.device);
            max_exp_avg_sq?.Dispose();
            max_exp_avg_sq = maximum;
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            using (torch.no_grad())
            {
                exp_avg.copy_(other.exp_avg);
                exp_avg_sq.copy_(other.exp_avg_sq);
            }
            max_exp_avg_sq?.Dispose();
            max_exp_avg_sq = other.max_exp_avg_sq is null ? null : Copied(other.max_exp_avg_sq, Parameter.device);
        }

        /// <inheritdoc/>
        public override void to(torch.Device device)
        {
            exp_avg = Moved(exp_avg, device);
            exp_avg_sq = Moved(exp_avg_sq, device);
            max_exp_avg_sq = max_exp_avg_sq is null ? null : Moved(max_exp_avg_sq, device);
        }

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
            max_exp_avg_sq?.Dispose();
        }

        private static torch.Tensor Moved(torch.Tensor tensor, torch.Device device) => Owned(tensor.to(device, disposeAfter: true));
    }
}
